"""Bands that hold what they promise: quantiles of the errors made so far.

Split conformal prediction (Vovk et al. 2005; Lei et al. 2018) on backtest errors: they
are scaled by each history's spread, by how errors grow with the horizon and shrink with
longer histories, and then pooled over segments, horizons and origins, which is what
makes a few origins enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import stdtrit

from trajectories.forecasting.methods import LEVELS
from trajectories.forecasting.records import BacktestRecord

#: What an error of another segmentation counts for beside one of the own.
OTHER_WEIGHT = 0.1
#: Errors that the prior counts for.
PRIOR_ERRORS = 20.0
#: Mean absolute error of the prior one month ahead, in spreads; it grows with the root
#: of the horizon, as that of a random walk.
PRIOR_ERROR = 1.3
#: Size of the prior's errors over their mean: Student's t of 4 degrees of freedom.
PRIOR_SIZES = stdtrit(4, 0.5 + 0.5 * (np.arange(20) + 0.5) / 20)
PRIOR_SIZES = PRIOR_SIZES / PRIOR_SIZES.mean()
#: Errors that count, at each length of history, for lengths being all alike.
PRIOR_LENGTH_ERRORS = 100.0
#: Rounds in which growth with the horizon and with short histories are told apart.
ROUNDS = 4
#: From so many errors on (others' count for less), bands are called calibrated.
FEWEST_ERRORS = 20


@dataclass(frozen=True)
class Bands:
    """Calibrated bands of one model.

    Attributes:
        ends: shape (n, horizon, 4): lower and upper 80 %, then 95 %; none below zero,
            the narrower within the wider, neither narrower at a longer horizon.
        is_calibrated: shape (n,): made of errors known at the origin, rather than of
            the prior.
    """

    ends: np.ndarray
    is_calibrated: np.ndarray


def calibrate(record: BacktestRecord, model: str) -> Bands:
    """Make the bands of one model for every history, with what its origin knew.

    Args:
        record: what was said and what came.
        model: of the record's forecasts.
    """
    forecasts = record.forecasts[model]
    usable = np.where(record.spreads > 0, record.spreads, np.nan)
    errors = (record.outcomes - forecasts) / usable[:, None]
    ends = np.full((*forecasts.shape, 2 * len(LEVELS)), np.nan)
    is_calibrated = np.zeros(len(forecasts), dtype=bool)
    lengths = np.array([len(one.amounts) for one in record.histories])
    months, horizon = record.ends(), forecasts.shape[1]
    for moment in record.moments():
        now, same = moment.now, record.definitions == moment.definition
        known = same[:, None] & (months <= moment.origin) & np.isfinite(errors)
        row, step = np.nonzero(known)
        is_own = record.segmentations[row] == moment.segmentation
        weights = np.where(is_own, 1.0, OTHER_WEIGHT)
        length = np.median(lengths[now])
        weights = weights * _likeness(lengths[row], length)
        sizes = np.abs(errors[known])
        shorter = _by_length(sizes, step, lengths[row], weights, length, horizon)
        found = _half_widths(sizes / shorter, step, months[known], weights, horizon)
        reach = found[None] * record.spreads[now][:, None, None]
        ends[now] = _ends(forecasts[now], reach)
        is_calibrated[now] = weights.sum() >= FEWEST_ERRORS
    return Bands(ends, is_calibrated)


def _likeness(lengths: np.ndarray, now: float) -> np.ndarray:
    """Weigh errors by how alike the histories are in months: the shorter's share.

    Errors from a short history are larger, and say less of those from a long one.
    """
    return np.minimum(lengths, now) / np.maximum(lengths, now)


def _by_length(
    sizes: np.ndarray,
    step: np.ndarray,
    lengths: np.ndarray,
    weights: np.ndarray,
    length: float,
    horizon: int,
) -> np.ndarray:
    """Say how much larger errors were than they would be from a history of `length`.

    A forecast six months ahead could be tried from the shortest histories only; its
    errors are large for both reasons. Sizes are taken for a product of what grows with
    the horizon and what never grows with the length, fitted in turns.

    Returns:
        Factors of the sizes, shape (errors,).
    """
    factors = np.ones(len(sizes))
    if not len(sizes):
        return factors
    months, place = np.unique(lengths, return_inverse=True)
    count = np.bincount(place, weights)
    for _ in range(ROUNDS):
        growth = _growth(sizes / factors, step, weights, horizon)
        total = np.bincount(place, weights * sizes / growth[step])
        mean = (total + PRIOR_LENGTH_ERRORS) / (count + PRIOR_LENGTH_ERRORS)
        fitted = isotonic_regression(
            mean, weights=count + PRIOR_LENGTH_ERRORS, increasing=False
        ).x
        factors = fitted[place]
    return factors / np.interp(length, months, fitted)


def _half_widths(
    sizes: np.ndarray,
    step: np.ndarray,
    months: np.ndarray,
    weights: np.ndarray,
    horizon: int,
) -> np.ndarray:
    """Find how far bands reach to both sides, in spreads, shape (levels, horizon).

    Args:
        sizes: absolute errors in spreads, shape (errors,).
        step: horizon of each, from 0.
        months: month number of each outcome.
        weights: of each.
        horizon: months ahead.
    """
    growth = _growth(sizes, step, weights, horizon)
    relative = sizes / growth[step]
    effective = _effective_errors(relative, months, weights)
    sizes = np.concatenate([relative, PRIOR_SIZES])
    prior = np.full(len(PRIOR_SIZES), PRIOR_ERRORS / len(PRIOR_SIZES))
    shares = np.concatenate([weights, prior])
    order = np.argsort(sizes, kind="stable")
    summed = np.cumsum(shares[order])
    reached = []
    for level in LEVELS:
        share = min(level / 100 * (1 + 1 / effective), 1.0)
        place = np.searchsorted(summed, share * summed[-1] * (1 - 1e-12))
        reached.append(sizes[order][min(place, len(sizes) - 1)])
    return np.outer(reached, growth)


def _growth(
    sizes: np.ndarray, step: np.ndarray, weights: np.ndarray, horizon: int
) -> np.ndarray:
    """Mean absolute error by horizon, made never to fall (isotonic regression).

    Horizons of which little is known follow the others by the root of the horizon.
    """
    root = np.sqrt(np.arange(1, horizon + 1))
    count = np.bincount(step, weights, horizon)
    total = np.bincount(step, weights * sizes, horizon)
    level = (total / root).sum() + PRIOR_ERROR * PRIOR_ERRORS
    level /= count.sum() + PRIOR_ERRORS
    mean = (total + level * root * PRIOR_ERRORS) / (count + PRIOR_ERRORS)
    return isotonic_regression(mean, weights=count + PRIOR_ERRORS).x


def _effective_errors(
    sizes: np.ndarray, months: np.ndarray, weights: np.ndarray
) -> float:
    """Count the errors as if they were independent (Kish 1965, design effect).

    One month surprises many segments at once: whether errors are large is clustered
    by the month of the outcome.
    """
    if len(sizes) < 2:
        return PRIOR_ERRORS
    is_large = sizes > np.quantile(sizes, LEVELS[0] / 100)
    share = np.average(is_large, weights=weights)
    _, cluster = np.unique(months, return_inverse=True)
    sums = np.bincount(cluster, weights * (is_large - share))
    alone = share * (1 - share) * (weights**2).sum()
    effect = max((sums**2).sum() / alone, 1.0) if alone > 0 else 1.0
    return (weights.sum() ** 2 / (weights**2).sum() + PRIOR_ERRORS) / effect


def _ends(forecasts: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Lay bands around forecasts, (n, horizon, 4); `reach` is (n, levels, horizon).

    What is cut off at zero below is not given back above; yet a band never gets
    narrower along the horizon: where it would, its upper end is raised.
    """
    ends = []
    for level in range(reach.shape[1]):
        lower = np.maximum(forecasts - reach[:, level], 0.0)
        width = np.maximum.accumulate(forecasts + reach[:, level] - lower, axis=1)
        ends += [lower, lower + width]
    ends[3] = np.maximum(ends[3], ends[1])
    return np.stack(ends, axis=-1)
