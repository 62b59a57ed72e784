"""How good forecasts were: errors and bands, on the backtests that two have in common.

Errors are divided by the mean absolute change of the history from month to month
(Hyndman and Koehler 2006); a band costs its width, and where it misses ten times the
distance (interval score at 80 %, Gneiting and Raftery 2007), divided alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trajectories.forecasting.methods import MEANS, METHODS, PROPHETS

SERIES = ["definition", "segmentation", "segment_id"]
KEYS = [*SERIES, "origin_month", "month"]
PUBLISHED = "published"
OTHERS = (*METHODS, *MEANS, *PROPHETS)
#: Whose own bands the published one is compared with.
BANDED = (*PROPHETS, "naive")
COVERAGES = {80: (0.75, 0.85), 95: (0.92, 0.98)}
MISS_COST_80 = 10


@dataclass(frozen=True)
class Pair:
    """What is published beside another model, on the backtests that both have.

    Attributes:
        backtests: how many.
        ours: mean of what is published.
        theirs: mean of the other.
    """

    backtests: int
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """Ours over theirs; NaN where there is nothing to compare."""
        return self.ours / self.theirs if self.backtests and self.theirs else np.nan


@dataclass(frozen=True)
class Score:
    """One cell.

    Attributes:
        name: which data, in words.
        is_goal: whether the goals are for this cell; else it only explains.
        series: how many.
        origins: how many months forecasts were made from.
        backtests: forecast months of the published forecast, with an outcome and
            a scale.
        mase: of the published forecast on all of them.
        errors: by model, MASE on common backtests.
        bands: by model, interval score at 80 % on common backtests.
        calibrated: published backtests whose band is calibrated; bands of others
            do not count.
        coverages: by level, share of outcomes within the published band.
    """

    name: str
    is_goal: bool
    series: int
    origins: int
    backtests: int
    mase: float
    errors: dict[str, Pair]
    bands: dict[str, Pair]
    calibrated: int
    coverages: dict[int, float]

    def best_method(self) -> str:
        """Return the single simple method that is hardest to beat where it speaks."""
        known = [name for name in METHODS if np.isfinite(self.errors[name].ratio)]
        return max(known, key=lambda name: self.errors[name].ratio)

    def verdicts(self) -> dict[str, bool]:
        """Say by goal whether it is met; a comparison that cannot be made fails."""
        prophets = [self.errors[name].ratio for name in PROPHETS]
        bands = [self.bands[name].ratio for name in BANDED]
        within = {
            f"{level} %": least <= self.coverages[level] <= most
            for level, (least, most) in COVERAGES.items()
        }
        return {
            "simple": bool(self.errors[self.best_method()].ratio <= 1),
            "Prophet": _all_below(prophets, strictly=False),
            **{name: bool(is_met) for name, is_met in within.items()},
            "interval score": _all_below(bands, strictly=True),
        }


def _all_below(ratios: Iterable[float], strictly: bool) -> bool:
    known = [ratio for ratio in ratios if np.isfinite(ratio)]
    return bool(known) and max(known) <= (1 - 1e-12 if strictly else 1)


def with_published(judged: pd.DataFrame, histories: pd.DataFrame) -> pd.DataFrame:
    """Lay outcomes beside what was judged, and repeat what was published as a model.

    Args:
        judged: what `judge_forecasts` gave.
        histories: what it was given.

    Returns:
        As fct_forecast_backtests: rows with an outcome, model also "published".
    """
    outcomes = histories[histories["month"] > histories["origin_month"]]
    outcomes = outcomes[[*KEYS, "revenue_amount"]].astype(
        {"origin_month": "datetime64[us]", "month": "datetime64[us]"}
    )
    known = judged.merge(outcomes.rename(columns={"revenue_amount": "actual_amount"}))
    published = known[known["is_published"]].assign(model=PUBLISHED)
    return pd.concat([known, published], ignore_index=True)


def score(name: str, backtests: pd.DataFrame, is_goal: bool = True) -> Score:
    """Pool a cell.

    Args:
        name: which data.
        backtests: one row per KEYS and model (OTHERS and "published") with actual,
            forecast and scale amounts, the bounds of the published bands and the
            own_ ones at 80 %, is_calibrated. Rows without a scale are left out.
        is_goal: see `Score`.
    """
    usable = backtests[backtests["scale_amount"] > 0]
    published = usable[usable["model"] == PUBLISHED]
    if published.empty:
        raise ValueError(f"{name} has no published forecast with an outcome to score.")
    sure = published[published["is_calibrated"]]
    miss = (usable["actual_amount"] - usable["forecast_amount"]).abs()
    errors = _by_model(usable, miss / usable["scale_amount"])
    costs = _by_model(usable, _cost(usable, "own_"))
    costs[PUBLISHED] = _by_model(sure, _cost(sure, ""))[PUBLISHED]
    return Score(
        name=name,
        is_goal=is_goal,
        series=len(published[SERIES].drop_duplicates()),
        origins=published["origin_month"].nunique(),
        backtests=len(published),
        mase=float(errors[PUBLISHED].mean()),
        errors={model: _pair(errors, model) for model in OTHERS},
        bands={model: _pair(costs, model) for model in BANDED},
        calibrated=len(sure),
        coverages={level: _coverage(sure, level) for level in COVERAGES},
    )


def _by_model(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Lay the values out: a row per backtest, a column per model."""
    wide = rows.assign(value=values).pivot(index=KEYS, columns="model", values="value")
    return wide.reindex(columns=[PUBLISHED, *OTHERS])


def _pair(values: pd.DataFrame, model: str) -> Pair:
    both = values[[PUBLISHED, model]].dropna()
    return Pair(len(both), *(float(both[name].mean()) for name in both.columns))


def _cost(rows: pd.DataFrame, prefix: str) -> pd.Series:
    """Interval score at 80 % over the scale; NaN where there is no band."""
    lower, upper = (rows[f"{prefix}{end}_80_amount"] for end in ("lower", "upper"))
    actual = rows["actual_amount"]
    missed = (lower - actual).clip(lower=0) + (actual - upper).clip(lower=0)
    return (upper - lower + MISS_COST_80 * missed) / rows["scale_amount"]


def _coverage(rows: pd.DataFrame, level: int) -> float:
    lower, upper = (rows[f"{end}_{level}_amount"] for end in ("lower", "upper"))
    return float(rows["actual_amount"].between(lower, upper).mean())
