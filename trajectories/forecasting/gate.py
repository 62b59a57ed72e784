"""Means of models, and the gate: which model is published, by its record so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from trajectories.forecasting.methods import METHODS
from trajectories.forecasting.records import BacktestRecord, Moment
from trajectories.newey_west import newey_west

#: Published unless another model is better by more than chance explains.
DEFAULT = "weighted_mean"
#: The chance, at most, that a model which is no better replaces the default.
GATE_SIGNIFICANCE = 0.05
#: Origins with an outcome before anything is chosen by how it did.
FEWEST_ORIGINS = 6
#: A model is chosen by how it did on so many of the default's backtests, at least, of
#: those from the origins that it is always tried from.
FEWEST_SHARE = 0.5
#: How many backtests every method is taken to have done as well as their plain mean.
PRIOR_BACKTESTS = 3


@dataclass(frozen=True)
class Standing:
    """A model's record within a group, as known at an origin.

    Attributes:
        backtests: forecast months with an outcome by then, on which model and default
            are compared; 0 where there is none.
        mase: mean absolute scaled error on them; NaN without any.
        difference: its MASE less that of the default on the same backtests.
        margin: by how much it has to be below the default to be published: what
            chance explains. Infinite with fewer than FEWEST_ORIGINS origins.
        is_enough: whether it has FEWEST_SHARE of the default's backtests from the
            origins that it is always tried from.
    """

    backtests: int
    mase: float
    difference: float
    margin: float
    is_enough: bool


def add_means(record: BacktestRecord) -> None:
    """Add the plain and the weighted mean of the simple methods to the record.

    Weights are in proportion to the inverse of the squared pooled error (Bates and
    Granger 1969, without covariances), each method's relative to the plain mean's on
    the same backtests of its group, known at the origin; PRIOR_BACKTESTS draw them to
    equal weights.
    """
    said = np.array([record.forecasts[name] for name in METHODS])
    is_said = np.isfinite(said)
    plain = np.where(is_said, said, 0).sum(axis=0) / np.maximum(is_said.sum(axis=0), 1)
    record.forecasts["plain_mean"] = np.where(is_said.any(axis=0), plain, np.nan)
    errors = {name: np.abs(record.scaled_errors(name)) for name in METHODS}
    common = np.abs(record.scaled_errors("plain_mean"))
    weights = np.ones((len(METHODS), len(record.origins)))
    for moment in record.moments():
        known = _known(record, moment)
        for place, name in enumerate(METHODS):
            both = known & np.isfinite(errors[name])
            own = errors[name][both].sum() + PRIOR_BACKTESTS
            weights[place, moment.now] = (
                own / (common[both].sum() + PRIOR_BACKTESTS)
            ) ** -2.0
    shares = np.where(is_said, weights[:, :, None], 0.0)
    total = np.maximum(shares.sum(axis=0), np.finfo(float).tiny)
    mean = (shares * np.where(is_said, said, 0.0)).sum(axis=0) / total
    record.forecasts[DEFAULT] = np.where(is_said.any(axis=0), mean, np.nan)


def _known(record: BacktestRecord, moment: Moment) -> np.ndarray:
    """Say which outcomes of a moment's group had come by then, (n, horizon)."""
    group = (record.definitions == moment.definition) & (
        record.segmentations == moment.segmentation
    )
    return group[:, None] & (record.ends() <= moment.origin)


def judge_models(record: BacktestRecord) -> dict[tuple, dict[str, Standing]]:
    """Give every model's standing by group and origin, as known at the origin.

    Args:
        record: with the means. Of a model that is not tried from every origin only
            what it said from those that it is always tried from counts, beside what
            the default said from the same.

    Returns:
        By definition, segmentation and origin, then by model.
    """
    errors = {name: np.abs(record.scaled_errors(name)) for name in record.forecasts}
    counts = {name: record.tried(name) for name in errors}
    series, _ = pd.factorize(np.array([one.segment_id for one in record.histories]))
    found = {}
    for moment in record.moments():
        known = _known(record, moment)
        found[moment.definition, moment.segmentation, moment.origin] = {
            name: _standing(
                errors[name],
                errors[DEFAULT],
                known & counts[name][:, None],
                record.origins,
                series,
            )
            for name in record.forecasts
        }
    return found


def winner(standings: dict[str, Standing]) -> str:
    """Choose the model furthest below the default beyond its margin, or the default."""
    better = {
        name: one.difference
        for name, one in standings.items()
        if one.is_enough and one.difference < -one.margin
    }
    return min(better, key=better.get) if better else DEFAULT


def _standing(
    errors: np.ndarray,
    default: np.ndarray,
    known: np.ndarray,
    origins: np.ndarray,
    series: np.ndarray,
) -> Standing:
    row, step = np.nonzero(known & np.isfinite(errors) & np.isfinite(default))
    if not len(row):
        return Standing(0, np.nan, np.nan, np.inf, False)
    differences = errors[row, step] - default[row, step]
    return Standing(
        backtests=len(row),
        mase=float(errors[row, step].mean()),
        difference=float(differences.mean()),
        margin=_margin(differences, origins[row], series[row], errors.shape[1]),
        is_enough=len(row) >= FEWEST_SHARE * (known & np.isfinite(default)).sum(),
    )


def _margin(
    differences: np.ndarray, origins: np.ndarray, series: np.ndarray, horizon: int
) -> float:
    """What chance explains of a mean difference, one-sided.

    The test of Diebold and Mariano (1995). Backtests of one origin resemble each
    other, and so do those of origins less than a horizon apart, which have months in
    common (Newey and West 1987); so do, if there are several, those of one series.
    The larger standard error counts, by Student's t for as many clusters as there are:
    series, or horizons that fit between the origins.

    Args:
        differences: scaled errors of the model less the default's.
        origins: month number of each.
        series: number of each one's series.
        horizon: months ahead.
    """
    if len(np.unique(origins)) < FEWEST_ORIGINS:
        return np.inf
    rest = differences - differences.mean()
    sums = np.bincount(origins - origins.min(), rest)
    margins = [
        np.sqrt(max(newey_west(sums, horizon), (sums**2).sum()))
        * stdtrit(max(len(sums) / horizon, 1), 1 - GATE_SIGNIFICANCE)
    ]
    count = len(np.unique(series))
    if count > 1:
        sums = np.bincount(series, rest)  # a series without a backtest adds 0
        error = np.sqrt((sums**2).sum() * count / (count - 1))
        margins.append(error * stdtrit(count - 1, 1 - GATE_SIGNIFICANCE))
    return float(max(margins) / len(rest))
