"""Naive and seasonal naive forecasts with prediction intervals.

Method: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd
ed.), sections 5.2 and 5.5. Neither method has a parameter, so that its errors
inside the history are true forecast errors: y[t] - y[t - lag].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from trajectories.forecasting.histories import History

#: How many errors the shop's typical error counts for, beside a segment's own.
PRIOR_ERRORS = 3
LAGS = {"naive": 1, "seasonal_naive": 12}
LEVELS = (0.80, 0.95)


@dataclass(frozen=True)
class Projection:
    """A forecast with its two central bands; every array has shape (horizon,).

    Amounts in the shop's currency, none below zero, and at every month
    lower_95 <= lower_80 <= forecast <= upper_80 <= upper_95.
    """

    forecast: np.ndarray
    lower_80: np.ndarray
    upper_80: np.ndarray
    lower_95: np.ndarray
    upper_95: np.ndarray


def ordered_projection(
    forecast: np.ndarray,
    band_80: tuple[np.ndarray, np.ndarray],
    band_95: tuple[np.ndarray, np.ndarray],
) -> Projection:
    """Lift everything to zero or above and nest the bands around the forecast."""
    forecast = np.maximum(forecast, 0.0)
    lower_80 = np.minimum(np.maximum(band_80[0], 0.0), forecast)
    upper_80 = np.maximum(band_80[1], forecast)
    return Projection(
        forecast=forecast,
        lower_80=lower_80,
        upper_80=upper_80,
        lower_95=np.minimum(np.maximum(band_95[0], 0.0), lower_80),
        upper_95=np.maximum(band_95[1], upper_80),
    )


def typical_error(histories: Iterable[History], lag: int) -> float | None:
    """Return the shop's typical error of the method as a share of the level.

    The median over segments of (root mean square of y[t] - y[t - lag]) / (mean
    of |y|): the median, so that one wild segment does not set it.

    Args:
        histories: known at the same origin.
        lag: 1 for naive, 12 for seasonal naive.

    Returns:
        A share of a segment's mean monthly revenue, or None when no history is
        longer than the lag.
    """
    shares = [
        np.sqrt(np.mean(_errors(history.amounts, lag) ** 2)) / _level(history.amounts)
        for history in histories
        if len(history.amounts) > lag and history.has_revenue
    ]
    return float(np.median(shares)) if shares else None


def project_naive(
    amounts: np.ndarray, lag: int, horizon: int, typical: float | None
) -> Projection | None:
    """Forecast that each month repeats the one `lag` months before it.

    The error's size is estimated from the history's own errors and the shop's
    typical error (weight: PRIOR_ERRORS errors), grows with the square root of
    the number of lags bridged, and is widened by Student's t because it is an
    estimate. So a segment of two months has a wide band, not none. A month of
    net returns is repeated as 0, with the band around that.

    Args:
        amounts: monthly revenue up to the origin, shape (months,).
        lag: 1 for naive, 12 for seasonal naive.
        horizon: months ahead.
        typical: see `typical_error`.

    Returns:
        The projection, or None when the history is shorter than the lag or
        nothing is known about the error.
    """
    if len(amounts) < lag:
        return None
    errors = _errors(amounts, lag)
    if not np.any(amounts):
        typical = 0.0
    if typical is None:
        return None
    weight = len(errors) + PRIOR_ERRORS
    prior = PRIOR_ERRORS * (typical * _level(amounts)) ** 2
    size = np.sqrt((np.sum(errors**2) + prior) / weight)
    steps = np.arange(horizon)
    forecast = np.maximum(amounts[len(amounts) - lag + steps % lag], 0.0)
    spread = size * np.sqrt(steps // lag + 1)
    band_80, band_95 = (
        (forecast - reach, forecast + reach)
        for reach in (spread * stats.t.ppf(0.5 + level / 2, weight) for level in LEVELS)
    )
    return ordered_projection(forecast, band_80, band_95)


def _errors(amounts: np.ndarray, lag: int) -> np.ndarray:
    return amounts[lag:] - amounts[:-lag]


def _level(amounts: np.ndarray) -> float:
    return float(np.mean(np.abs(amounts)))
