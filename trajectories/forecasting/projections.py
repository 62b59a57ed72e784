"""Forecasts from the latest month and from earlier origins, for every segment."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import joblib
import pandas as pd
from joblib.externals.loky import get_reusable_executor
from tqdm import tqdm

from trajectories.forecasting.histories import History, month_start, read_histories
from trajectories.forecasting.naive import (
    LAGS,
    Projection,
    project_naive,
    typical_error,
)
from trajectories.forecasting.prophet_fit import project_prophet

MODELS = ("naive", "seasonal_naive", "prophet")
#: Backtest origins lie this many months apart.
ORIGIN_STEP = 2
#: Below this many Prophet fits, starting processes costs more than it saves.
FEWEST_PARALLEL_FITS = 12
#: Each process holds about 250 MB.
MOST_PROCESSES = 4

DTYPES = {
    "segmentation": "str",
    "segment_id": "str",
    "model": "str",
    "origin_month": "datetime64[us]",
    "month": "datetime64[us]",
    "horizon": "int64",
    "forecast_amount": "float64",
    "lower_80_amount": "float64",
    "upper_80_amount": "float64",
    "lower_95_amount": "float64",
    "upper_95_amount": "float64",
}


@dataclass(frozen=True)
class _Task:
    """One model to fit on one history, known at its last month."""

    model: str
    history: History
    origin: int
    typical: float | None = None
    seed: int = 0


def project_revenue(
    history: pd.DataFrame,
    horizon: int = 6,
    origins: int = 3,
    models: Sequence[str] = MODELS,
    seed: int = 20171231,
    processes: int | None = None,
    run: Callable[[Callable, Sequence], list] | None = None,
) -> pd.DataFrame:
    """Forecast monthly revenue per segment, and backtest on earlier origins.

    The forecast starts from the last month of the frame. Backtests start
    `horizon`, `horizon` + 2, `horizon` + 4 ... months earlier, so that all
    their months have come; each sees only months up to its origin. What a model
    cannot do has no rows: naive needs one month, seasonal naive twelve, Prophet
    six with revenue; a segment without revenue up to an origin is not
    backtested there, and is forecast as zero by naive.

    Prophet fits a yearly pattern where two full years are known at the origin.
    So a backtest from under two years judges Prophet without one, which is the
    harder test: on made-up histories of 24 months the pattern costs little
    where there is no season and saves half the error where there is.

    Args:
        history: one row per segmentation, segment_id and month (any day of it)
            with revenue_amount; missing months count as zero.
        horizon: months ahead, at least 1.
        origins: number of backtest origins, at least 0.
        models: from MODELS.
        seed: of Prophet; the same seed and history give the same frame, bit by
            bit, whatever the number of processes.
        processes: for Prophet; by default the machine's, at most 4.
        run: applies a function to tasks and returns the results in their order, for
            example on the workers of a cluster; by default in processes here.

    Returns:
        One row per segmentation, segment_id, model, origin_month and month, in
        that order, with horizon (months ahead), the forecast and its 80 % and
        95 % bounds, all in currency and none below zero. Typed also when empty.

    Raises:
        ValueError: an argument or a row cannot be used; the message says which.
    """
    _check(horizon, origins, models)
    histories = read_histories(history)
    if not histories:
        return _frame([])
    latest = histories[0].last_month
    starts = [latest, *(latest - horizon - ORIGIN_STEP * i for i in range(origins))]
    tasks = [
        task
        for model in models
        for origin in starts
        for task in _tasks(model, histories, origin, latest, seed)
    ]
    if run is None:
        results = _run(tasks, horizon, processes)
    else:
        results = run(partial(_project, horizon=horizon), tasks)
    return _frame(
        [
            rows
            for task, projection in zip(tasks, results, strict=True)
            if projection is not None
            for rows in _rows(task, projection)
        ]
    )


def _check(horizon: int, origins: int, models: Sequence[str]) -> None:
    if horizon < 1 or origins < 0:
        raise ValueError(
            f"A forecast needs a horizon of at least 1 month and 0 or more origins; "
            f"found horizon {horizon} and origins {origins}."
        )
    unknown = [model for model in models if model not in MODELS]
    if unknown:
        raise ValueError(
            f"Unknown forecast models {', '.join(unknown)}; use {', '.join(MODELS)}."
        )


def _tasks(
    model: str, histories: list[History], origin: int, latest: int, seed: int
) -> list[_Task]:
    """List what one model has to do at one origin, in the order of the segments."""
    known = [
        cut
        for cut in (history.until(origin) for history in histories)
        if cut.has_revenue or origin == latest
    ]
    typical = typical_error(known, LAGS[model]) if model in LAGS else None
    return [
        _Task(model, cut, origin, typical=typical, seed=_task_seed(seed, cut))
        for cut in known
    ]


def _task_seed(seed: int, history: History) -> int:
    """Give each fit its own seed, whatever else is fitted (32-bit checksum)."""
    name = f"{seed}|{history.segmentation}|{history.segment_id}|{history.last_month}"
    return zlib.crc32(name.encode()) % 2**31


def _run(
    tasks: list[_Task], horizon: int, processes: int | None
) -> list[Projection | None]:
    """Run the tasks in order; Prophet's in parallel processes when many."""
    fits = sum(task.model == "prophet" for task in tasks)
    if processes is None:
        processes = min(joblib.cpu_count(), MOST_PROCESSES)
    if fits < FEWEST_PARALLEL_FITS:
        processes = 1
    jobs = (joblib.delayed(_project)(task, horizon) for task in tasks)
    results = joblib.Parallel(n_jobs=processes, return_as="generator")(jobs)
    try:
        return list(tqdm(results, "Forecasts", len(tasks), disable=None, leave=False))
    finally:
        if processes > 1:
            get_reusable_executor().shutdown(wait=True)


def _project(task: _Task, horizon: int) -> Projection | None:
    if task.model == "prophet":
        return project_prophet(task.history, horizon, task.seed)
    return project_naive(task.history.amounts, LAGS[task.model], horizon, task.typical)


def _rows(task: _Task, projection: Projection) -> list[tuple]:
    return [
        (
            task.history.segmentation,
            task.history.segment_id,
            task.model,
            month_start(task.origin),
            month_start(task.origin + 1 + step),
            step + 1,
            projection.forecast[step],
            projection.lower_80[step],
            projection.upper_80[step],
            projection.lower_95[step],
            projection.upper_95[step],
        )
        for step in range(len(projection.forecast))
    ]


def _frame(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(DTYPES)).astype(DTYPES)
    keys = ["segmentation", "segment_id", "model", "origin_month", "month"]
    return frame.sort_values(keys, kind="stable", ignore_index=True)
