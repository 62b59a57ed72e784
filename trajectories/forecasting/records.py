"""What was said from every origin beside what came, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from trajectories.forecasting.histories import RevenueHistory
from trajectories.forecasting.methods import (
    LEVELS,
    PROPHETS,
    YEAR,
    projected_models,
)
from trajectories.months import month_number

#: Prophet's record is made from every origin of a history's first year, then from the
#: last month of every quarter.
PROPHET_MONTHS = 3
#: How many months the group's typical change counts for, beside a history's own.
PRIOR_MONTHS = 3
ENDS = ("lower", "upper")


def is_tried(
    model: str, origins: np.ndarray | int, months: np.ndarray | int
) -> np.ndarray | bool:
    """Say from which origins a model is always tried: these are its record.

    Prophet's are told by the calendar and the history, not counted back from the
    latest, so that they stay the same when a month is added.

    Args:
        model: any.
        origins: month numbers, of any shape.
        months: of the histories known at these origins.
    """
    ends_quarter = origins % PROPHET_MONTHS == PROPHET_MONTHS - 1
    return (model not in PROPHETS) | ends_quarter | (months <= YEAR)


@dataclass(frozen=True)
class Moment:
    """Histories that are judged together: of one segmentation, from one origin.

    Attributes:
        definition: of the histories.
        segmentation: of the histories.
        origin: month number.
        now: their places in the record.
    """

    definition: str
    segmentation: str
    origin: int
    now: np.ndarray


@dataclass
class BacktestRecord:
    """Histories, what every model said of them, and what came.

    Attributes:
        histories: n of them, in order.
        origins: shape (n,), month numbers.
        definitions: shape (n,).
        segmentations: shape (n,).
        outcomes: shape (n, horizon); NaN where not known yet.
        scales: shape (n,), mean absolute change from month to month of the history,
            which errors are divided by (Hyndman and Koehler 2006, nonseasonal MASE);
            NaN below two months.
        spreads: shape (n,), the same, with the group's typical change as a prior, so
            that a young or still history has one, too: what bands are measured in.
        forecasts: by model, shape (n, horizon); NaN where it has none.
        own_bands: by model, shape (n, horizon, 4): own lower and upper 80 %, then 95 %.
    """

    histories: list[RevenueHistory]
    origins: np.ndarray
    definitions: np.ndarray
    segmentations: np.ndarray
    outcomes: np.ndarray
    scales: np.ndarray
    spreads: np.ndarray
    forecasts: dict[str, np.ndarray] = field(default_factory=dict)
    own_bands: dict[str, np.ndarray] = field(default_factory=dict)

    def tried(self, model: str) -> np.ndarray:
        """Say which histories make a model's record, shape (n,); see `is_tried`."""
        months = np.array([len(one.amounts) for one in self.histories])
        return np.broadcast_to(is_tried(model, self.origins, months), months.shape)

    def ends(self) -> np.ndarray:
        """Month number of every outcome, shape (n, horizon)."""
        return self.origins[:, None] + 1 + np.arange(self.outcomes.shape[1])

    def moments(self) -> list[Moment]:
        """List what is judged together, in order."""
        keys = pd.Series(
            [(*one.group, one.origin) for one in self.histories], dtype=object
        )
        places = keys.groupby(keys).groups
        return [Moment(*key, now.to_numpy()) for key, now in places.items()]

    def scaled_errors(self, model: str) -> np.ndarray:
        """Outcome less forecast over the scale, (n, horizon); NaN where unknown."""
        return _divided(self.outcomes - self.forecasts[model], self.scales)


def _divided(amounts: np.ndarray, scales: np.ndarray) -> np.ndarray:
    usable = np.where(scales > 0, scales, np.nan)
    return amounts / usable[:, None]


def read_record(
    projections: pd.DataFrame, histories: list[RevenueHistory], horizon: int
) -> BacktestRecord:
    """Lay what `project_revenue` gave beside what came.

    Args:
        projections: what `project_revenue` gave of these histories.
        histories: what `read_revenue_histories` gave for this horizon.
        horizon: months ahead.
    """
    record = BacktestRecord(
        histories=histories,
        origins=np.array([one.origin for one in histories], dtype=np.int64),
        definitions=np.array([one.definition for one in histories]),
        segmentations=np.array([one.segmentation for one in histories]),
        outcomes=np.array([one.outcomes for one in histories]).reshape(-1, horizon),
        scales=np.array([_change(one) for one in histories]),
        spreads=np.array([]),
    )
    record.spreads = _spreads(record)
    rows = {one.key: row for row, one in enumerate(histories)}
    names = ["definition", "segmentation", "segment_id"]
    said = projections.assign(origin=month_number(projections["origin_month"]))
    keys = zip(*(said[name] for name in (*names, "origin")), strict=True)
    places = np.array([rows.get(key, -1) for key in keys], dtype=np.int64)
    said = said.assign(place=places)
    said = said[said["place"] >= 0]
    ends = [f"own_{end}_{level}_amount" for level in LEVELS for end in ENDS]
    for model in projected_models():
        own = said[said["model"] == model]
        at = (own["place"].to_numpy(), own["horizon"].to_numpy() - 1)
        amounts = np.full((len(histories), horizon), np.nan)
        amounts[at] = own["forecast_amount"]
        bands = np.full((len(histories), horizon, 4), np.nan)
        bands[at] = own[ends]
        record.forecasts[model], record.own_bands[model] = amounts, bands
    return record


def _change(history: RevenueHistory) -> float:
    changes = np.abs(np.diff(history.amounts))
    return float(changes.mean()) if len(changes) else np.nan


def _spreads(record: BacktestRecord) -> np.ndarray:
    """Shrink each history's change to what is typical of its group and origin.

    Typical is the median of change over level (mean absolute amount) over the group's
    histories; where none has two months, all of them; else 1.
    """
    level = np.array([np.abs(one.amounts).mean() for one in record.histories])
    months = np.array([len(one.amounts) - 1 for one in record.histories])
    own = np.where(months > 0, record.scales, 0.0)
    usable = (months > 1) & (level > 0)
    shares = np.divide(own, level, out=np.full(len(own), np.nan), where=usable)
    general = np.nanmedian(shares) if usable.any() else 1.0
    names = pd.Series(
        [(*one.group, one.origin) for one in record.histories], dtype=object
    )
    typical = pd.Series(shares).groupby(names).transform("median").fillna(general)
    prior = PRIOR_MONTHS * typical.to_numpy() * level
    return (months * own + prior) / (months + PRIOR_MONTHS)
