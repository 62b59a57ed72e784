"""What is published of all forecasts, and how sure it is: gate and bands together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from trajectories.forecasting.calibration import Bands, calibrate
from trajectories.forecasting.gate import (
    DEFAULT,
    Standing,
    add_means,
    judge_models,
    winner,
)
from trajectories.forecasting.histories import RevenueHistory, read_revenue_histories
from trajectories.forecasting.methods import YEAR, namings
from trajectories.forecasting.records import BacktestRecord, read_record
from trajectories.months import month_start

#: Shorter histories are said to be short.
FEW_MONTHS = 6
BANDS = [f"{end}_{level}_amount" for level in (80, 95) for end in ("lower", "upper")]
JUDGED_COLUMNS = {
    "definition": "str",
    "segmentation": "str",
    "segment_id": "str",
    "model": "str",
    "decision": "str",
    "reason": "str",
    "horizon": "int64",
    "history_months": "int64",
    "gate_backtests": "int64",
    "scale_amount": "float64",
    "forecast_amount": "float64",
    **dict.fromkeys(BANDS, "float64"),
    **dict.fromkeys([f"own_{name}" for name in BANDS], "float64"),
    "mase_difference": "float64",
    "margin": "float64",
    "is_winner": "bool",
    "is_published": "bool",
    "is_calibrated": "bool",
    "origin_month": "datetime64[us]",
    "month": "datetime64[us]",
}


def judge_forecasts(
    projections: pa.Table, histories: pa.Table, horizon: int = 6
) -> pa.Table:
    """Add means, calibrate all bands, and say which model is published from where.

    At every origin only outcomes that had come by then are looked at, so that what is
    published from past origins is what would have been published, and its record is
    an honest one. Models are judged within a definition and segmentation together.

    Args:
        projections: what `project_revenue` gave of these histories.
        histories: see `read_revenue_histories`.
        horizon: months ahead.

    Returns:
        JUDGED_COLUMNS, one row per definition, segmentation, segment_id, model,
        origin_month and month, in that order: what was projected, plain_mean and
        weighted_mean.
        The bands are calibrated, the own_ ones the model's. `mase_difference` is the
        model's MASE less the weighted mean's on `gate_backtests`, and is published
        where it is below minus `margin`, the lowest first. Where the winner has no
        forecast of a history, the weighted mean is published. Typed also when empty.

    Examples:
        >>> from trajectories.forecasting import project_revenue, rolling_histories
        >>> months = [month_start(24204 + number) for number in range(8)]
        >>> plain = pa.table({"month": months, "revenue_amount": range(8)})
        >>> plain = plain.append_column("segmentation", [["total"] * 8])
        >>> plain = plain.append_column("segment_id", [["all"] * 8])
        >>> histories = rolling_histories(plain, first_months=8)
        >>> projections = project_revenue(histories, 2, ["naive"])
        >>> judged = judge_forecasts(projections, histories, 2)
        >>> judged.filter(judged["is_published"])["model"].unique().to_pylist()
        ['weighted_mean']
    """
    known = read_revenue_histories(histories.to_pandas(), horizon)
    record = read_record(projections.to_pandas(), known, horizon)
    if not record.histories:
        empty = pd.DataFrame(columns=list(JUDGED_COLUMNS)).astype(JUDGED_COLUMNS)
        return pa.Table.from_pandas(empty)
    add_means(record)
    standings = judge_models(record)
    frames = [
        _model_frame(record, model, calibrate(record, model), standings)
        for model in record.forecasts
    ]
    found = pd.concat(frames, ignore_index=True).astype(JUDGED_COLUMNS)
    keys = ["definition", "segmentation", "segment_id", "model", "origin_month"]
    found = found.sort_values([*keys, "month"], kind="stable", ignore_index=True)
    return pa.Table.from_pandas(found, preserve_index=False)  # NaN is null


def _model_frame(
    record: BacktestRecord, model: str, bands: Bands, standings: dict
) -> pd.DataFrame:
    """All rows of one model."""
    said = record.forecasts[model]
    rows = []
    for place in np.flatnonzero(np.isfinite(said).all(axis=1)):
        history = record.histories[place]
        now = standings[(*history.group, history.origin)]
        chosen = winner(now)
        has_chosen = np.isfinite(record.forecasts[chosen][place]).all()
        published = chosen if has_chosen else DEFAULT
        rows.append(
            {
                **_named(history),
                "model": model,
                "decision": _decision(model, now, chosen),
                "reason": _reason(history, chosen, published),
                "history_months": len(history.amounts),
                "gate_backtests": now[model].backtests,
                "scale_amount": record.scales[place],
                "mase_difference": now[model].difference,
                "margin": _finite(now[model].margin),
                "is_winner": model == chosen,
                "is_published": model == published,
                "is_calibrated": bands.is_calibrated[place],
                "place": place,
            }
        )
    frame = pd.DataFrame(rows, columns=[*_ROW_COLUMNS, "place"])
    places = frame.pop("place").to_numpy(dtype=np.int64)
    steps = said.shape[1]
    long = frame.loc[frame.index.repeat(steps)].reset_index(drop=True)
    long["horizon"] = np.tile(np.arange(1, steps + 1), len(frame))
    long["month"] = [month_start(number) for number in record.ends()[places].ravel()]
    long["forecast_amount"] = said[places].ravel()
    own = record.own_bands.get(model, np.full_like(bands.ends, np.nan))
    for number, name in enumerate(BANDS):
        long[name] = bands.ends[places, :, number].ravel()
        long[f"own_{name}"] = own[places, :, number].ravel()
    return long[list(JUDGED_COLUMNS)]


_MADE = {"horizon", "month", "forecast_amount", *BANDS, *(f"own_{n}" for n in BANDS)}
_ROW_COLUMNS = [name for name in JUDGED_COLUMNS if name not in _MADE]


def _named(history: RevenueHistory) -> dict:
    return {
        "definition": history.definition,
        "segmentation": history.segmentation,
        "segment_id": history.segment_id,
        "origin_month": month_start(history.origin),
    }


def _finite(value: float) -> float:
    return value if np.isfinite(value) else np.nan


def _phrase(model: str) -> str:
    return namings()[model].in_sentence


def _decision(model: str, standings: dict[str, Standing], chosen: str) -> str:
    """Say in a sentence why a model is published, or is not."""
    own, name = standings[model], _phrase(model)
    name = name[0].upper() + name[1:]
    if not own.backtests:
        why = "nothing could be backtested yet" if model == chosen else "not backtested"
        return f"{name}: {why}; {'published' if model == chosen else 'not published'}."
    record = f"{name}: MASE {own.mase:.2f} on {_counted(own.backtests, 'backtest')}"
    if model == DEFAULT:
        if model == chosen:
            return f"{record}; published, for no model is better beyond chance."
        return (
            f"{record}; not published, for {_phrase(chosen)} is better beyond chance."
        )
    side = "below" if own.difference < 0 else "above"
    beside = f"{abs(own.difference):.2f} {side} the weighted mean"
    if model == chosen:
        return f"{record}, {beside}, beyond the margin of {own.margin:.2f}; published."
    if own.difference >= 0:
        return f"{record}, {beside}; not published."
    if not np.isfinite(own.margin):
        return f"{record}, {beside}, from too few origins to tell; not published."
    if not own.is_enough:
        return f"{record}, {beside}, on too few of all to tell; not published."
    if own.difference < -own.margin:
        return f"{record}, {beside}, yet {_phrase(chosen)} is better; not published."
    return (
        f"{record}, {beside}, within the margin of {own.margin:.2f} that chance"
        " explains; not published."
    )


def _reason(history: RevenueHistory, chosen: str, published: str) -> str:
    """Say in a sentence what a history is good for."""
    months = len(history.amounts)
    if not history.has_revenue:
        return "No revenue so far: zero is expected, without a band."
    counted = _counted(months, "month")
    if chosen != published:
        lacks = "is too short for" if months < YEAR else "gives no forecast by"
        return (
            f"Its history of {counted} {lacks} {_phrase(chosen)}:"
            f" {_phrase(published)} is published."
        )
    if months < FEW_MONTHS:
        return (
            f"Its history of {counted} is short: the band is as wide as errors of"
            " segments like it have been."
        )
    return f"Forecast from {counted} of history."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
