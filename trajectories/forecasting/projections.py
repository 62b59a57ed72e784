"""Every model's forecast of every history from its origin, as the model gives it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import compress

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from joblib.externals.loky import ProcessPoolExecutor
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from trajectories.forecasting.calendars import (
    Calendar,
    Days,
    read_calendar,
    read_days,
)
from trajectories.forecasting.gate import add_means, judge_models, winner
from trajectories.forecasting.histories import (
    RevenueHistory,
    read_revenue_histories,
)
from trajectories.forecasting.methods import (
    METHODS,
    PROPHETS,
    Forecast,
    forecast_simply,
    projected_models,
)
from trajectories.forecasting.prophet_fit import (
    can_forecast,
    forecast_days,
    forecast_months,
)
from trajectories.forecasting.records import BacktestRecord, is_tried, read_record
from trajectories.months import month_start

MONTHLY, DAILY = PROPHETS
#: Below this many tasks, starting processes costs more than it saves.
FEWEST_PARALLEL = 12
#: Tasks that a process is handed at once.
CHUNK_TASKS = 4
#: Each process holds about 300 MB.
MOST_PROCESSES = 4
#: What forecasts depend on beside the history; raise the number when the code changes.
EDITION = "2"

DTYPES = {
    "definition": "str",
    "segmentation": "str",
    "segment_id": "str",
    "model": "str",
    "fingerprint": "str",
    "horizon": "int64",
    "forecast_amount": "float64",
    "own_lower_80_amount": "float64",
    "own_upper_80_amount": "float64",
    "own_lower_95_amount": "float64",
    "own_upper_95_amount": "float64",
    "origin_month": "datetime64[us]",
    "month": "datetime64[us]",
}
ROW_KEYS = [
    "definition",
    "segmentation",
    "segment_id",
    "model",
    "origin_month",
    "month",
]


@dataclass(frozen=True)
class _Task:
    """A history to forecast with some models: the simple ones, or one Prophet."""

    history: RevenueHistory
    models: tuple[str, ...]
    days: Days | None
    fingerprint: str
    seed: int


#: A history, and the models to ask about it: all simple ones, or one Prophet.
_Question = tuple[RevenueHistory, tuple[str, ...]]


def project_revenue(
    histories: pa.Table,
    horizon: int = 6,
    models: Sequence[str] | None = None,
    days: pa.Table | None = None,
    calendar: pa.Table | None = None,
    seed: int = 20171231,
    earlier: pa.Table | None = None,
    processes: int | None = None,
    run: Callable[[Callable, Sequence], list] | None = None,
) -> pa.Table:
    """Forecast every history from its origin by every model.

    What a model cannot do has no rows: seasonal naive needs twelve months, Theta four,
    ETS seven, Prophet six with revenue in the last year, and `prophet_daily` the days.
    Prophet, which costs ten times as much as all others, is asked from the latest
    origin, from those that make its record (see `is_tried`), and wherever by this
    record it is published. Nothing later than an origin is looked at. What was said of
    the same history before is kept, so that a build of one month more fits one month's
    origins.

    Args:
        histories: see `read_revenue_histories`; all origins, the latest one too.
        horizon: months ahead, at least 1.
        models: of `projected_models`; None: all of them.
        days: see `read_days`; None: no `prophet_daily`.
        calendar: see `read_calendar`.
        seed: of Prophet; the same seed and history give the same table, bit by
            bit, whatever the number of processes.
        earlier: what an earlier call returned.
        processes: by default the machine's, at most MOST_PROCESSES.
        run: applies a function to tasks and returns the results in their order, for
            example on the workers of a cluster; by default in processes here.

    Returns:
        One row per definition, segmentation, segment_id, model, origin_month and
        month, in that order, with horizon (months ahead), the forecast and the model's
        own 80 % and 95 % band (NaN where it has none), in currency and none below
        zero, and the fingerprint of what it was made from. Typed also when empty.

    Raises:
        ValueError: an argument or a row cannot be used; the message says which.

    Examples:
        >>> from trajectories.forecasting import rolling_histories
        >>> months = [month_start(24204 + number) for number in range(8)]
        >>> plain = pa.table({"month": months, "revenue_amount": range(8)})
        >>> plain = plain.append_column("segmentation", [["total"] * 8])
        >>> plain = plain.append_column("segment_id", [["all"] * 8])
        >>> histories = rolling_histories(plain, first_months=8)
        >>> project_revenue(histories, 2, ["naive"])["forecast_amount"].to_pylist()
        [7.0, 7.0]
    """
    models = projected_models() if models is None else models
    _check(horizon, models)
    tables = (histories, days, calendar, earlier)
    frames = [None if it is None else it.to_pandas() for it in tables]
    read = read_revenue_histories(frames[0], horizon)
    known_days, known_ahead = read_days(frames[1]), read_calendar(frames[2])
    settings = [EDITION, horizon, seed, repr(known_ahead), *_versions()]
    work = partial(_project, horizon=horizon, calendar=known_ahead)
    answers = partial(
        _answers,
        days=known_days,
        settings=settings,
        seed=seed,
        earlier=frames[3],
        run=partial(_run, processes=processes) if run is None else run,
        work=work,
    )
    found = answers(_questions(read, models))
    if not set(PROPHETS).isdisjoint(models):
        record = read_record(found, read, horizon)
        found = pd.concat([found, answers(_published(record))])
    found = found.sort_values(ROW_KEYS, kind="stable", ignore_index=True)
    return pa.Table.from_pandas(found, preserve_index=False)  # NaN is null


def _check(horizon: int, models: Sequence[str]) -> None:
    if horizon < 1:
        raise ValueError(
            f"A forecast needs a horizon of at least 1 month; found {horizon}."
        )
    unknown = [model for model in models if model not in projected_models()]
    if unknown:
        raise ValueError(
            f"Unknown forecast models {', '.join(unknown)}; use"
            f" {', '.join(projected_models())}."
        )


def _versions() -> list[str]:
    return [version(name) for name in ("prophet", "statsforecast", "holidays")]


def _questions(read: list[RevenueHistory], models: Sequence[str]) -> list[_Question]:
    """Ask the simple methods from every origin, and Prophet from some."""
    simple = tuple(model for model in METHODS if model in models)
    latest = max((history.origin for history in read), default=0)
    return [(history, simple) for history in read if simple] + [
        (history, (model,))
        for model in PROPHETS
        if model in models
        for history in read
        if history.origin == latest or _makes_record(model, history)
    ]


def _makes_record(model: str, history: RevenueHistory) -> bool:
    return bool(is_tried(model, history.origin, len(history.amounts)))


def _published(record: BacktestRecord) -> list[_Question]:
    """Ask a Prophet that is published from an origin and makes no record there.

    What is published from an origin is then the same when further months have come.
    """
    add_means(record)
    won = {key: winner(now) for key, now in judge_models(record).items()}
    latest = record.origins.max(initial=0)
    return [
        (history, (model,))
        for history in record.histories
        if (model := won[(*history.group, history.origin)]) in PROPHETS
        and not (history.origin == latest or _makes_record(model, history))
    ]


def _answers(
    questions: list[_Question],
    days: dict[tuple, Days],
    settings: list,
    seed: int,
    earlier: pd.DataFrame | None,
    run: Callable[[Callable, Sequence], list],
    work: Callable[[_Task], dict[str, Forecast]],
) -> pd.DataFrame:
    """Keep what was said before, and work out the rest."""
    tasks = [
        _task(history, models, days.get(history.key), settings, seed)
        for history, models in questions
        if _is_possible(history, models, days)
    ]
    earlier_rows = _earlier_rows(earlier, tasks)
    done = set(earlier_rows["fingerprint"])
    tasks = [task for task in tasks if task.fingerprint not in done]
    results = run(work, tasks) if tasks else []
    rows = [
        row
        for task, said in zip(tasks, results, strict=True)
        for model, forecast in said.items()
        for row in _rows(task, model, forecast)
    ]
    found = pd.DataFrame(rows, columns=list(DTYPES)).astype(DTYPES)
    return found if earlier_rows.empty else pd.concat([earlier_rows, found])


def _is_possible(
    history: RevenueHistory, models: tuple[str, ...], days: dict[tuple, Days]
) -> bool:
    if models == (DAILY,) and history.key not in days:
        return False
    return models[0] not in PROPHETS or can_forecast(history)


def _task(
    history: RevenueHistory,
    models: tuple[str, ...],
    days: Days | None,
    settings: list,
    seed: int,
) -> _Task:
    """Fingerprint what a forecast is made from, and seed it by its name."""
    name = json.dumps([*history.key, *models, *settings])
    digest = hashlib.sha256(name.encode())
    digest.update(history.amounts.tobytes())
    days = days if models == (DAILY,) else None
    if days is not None:
        digest.update(days.dates.tobytes() + days.amounts.tobytes())
    own = hashlib.sha256(json.dumps([seed, *history.key]).encode())
    own_seed = int(own.hexdigest()[:7], 16)
    return _Task(history, models, days, digest.hexdigest(), own_seed)


def _earlier_rows(earlier: pd.DataFrame | None, tasks: list[_Task]) -> pd.DataFrame:
    """Keep what was said before of the same histories."""
    if earlier is None or list(earlier.columns) != list(DTYPES):
        return pd.DataFrame(columns=list(DTYPES)).astype(DTYPES)
    fingerprints = [task.fingerprint for task in tasks]
    return earlier[earlier["fingerprint"].isin(fingerprints)].astype(DTYPES)


def _run(work: Callable, tasks: list[_Task], processes: int | None) -> list[dict]:
    """Run the tasks: Prophet's in parallel processes when many, the others here."""
    is_slow = [task.models[0] in PROPHETS for task in tasks]
    if processes is None:
        processes = min(joblib.cpu_count(), MOST_PROCESSES)
    if processes == 1 or sum(is_slow) < FEWEST_PARALLEL:
        return [work(task) for task in tasks]
    # Of its own: joblib's shared pool can hang when it is closed before all is done.
    pool = ProcessPoolExecutor(processes, initializer=threadpool_limits, initargs=(1,))
    try:
        there = pool.map(work, compress(tasks, is_slow), chunksize=CHUNK_TASKS)
        here = [work(task) for task in compress(tasks, np.logical_not(is_slow))]
        shown = tqdm(there, "Prophet", sum(is_slow), disable=None, leave=False)
        said = {True: iter(shown), False: iter(here)}
        return [next(said[slow]) for slow in is_slow]
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _project(task: _Task, horizon: int, calendar: Calendar) -> dict[str, Forecast]:
    history = task.history
    if task.models == (MONTHLY,):
        said = {MONTHLY: forecast_months(history, horizon, task.seed)}
    elif task.models == (DAILY,):
        said = {DAILY: forecast_days(history, task.days, calendar, horizon, task.seed)}
    else:
        said = forecast_simply(history.amounts, horizon)
    return {model: said[model] for model in task.models if said.get(model) is not None}


def _rows(task: _Task, model: str, forecast: Forecast) -> list[tuple]:
    history = task.history
    values = np.vstack([forecast.amounts, forecast.own_band_80, forecast.own_band_95]).T
    return [
        (
            history.definition,
            history.segmentation,
            history.segment_id,
            model,
            task.fingerprint,
            step + 1,
            *amounts,
            month_start(history.origin),
            month_start(history.origin + 1 + step),
        )
        for step, amounts in enumerate(values)
    ]
