"""Prophet on one history: on its months, and on its days summed to months.

Prophet as it comes: linear trend with change points, maximum a posteriori; a yearly
pattern on two full years; bands are quantiles of its predictive samples (Taylor and
Letham 2018, "Forecasting at Scale", The American Statistician 72).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from trajectories.forecasting.calendars import FLAGS, Calendar, Days
from trajectories.forecasting.histories import RevenueHistory
from trajectories.forecasting.methods import (
    FEWEST_SEASONAL_MONTHS,
    LEVELS,
    YEAR,
    Forecast,
    forecast_of,
    seeded,
)
from trajectories.months import month_number, month_start

#: A trend cannot be told from noise on fewer months than are forecast.
FEWEST_MONTHS = 6
#: Monthly points carry at most 6 sine and cosine pairs a year; 3 leave freedom.
YEARLY_ORDER = 3
#: Days with a flag before the origin, from which on its effect is estimated.
FEWEST_FLAGGED_DAYS = 3
SAMPLES = 500

_log = logging.getLogger(__name__)


def can_forecast(history: RevenueHistory) -> bool:
    """Say whether Prophet is asked: FEWEST_MONTHS known, revenue in the last year."""
    is_long = len(history.amounts) >= FEWEST_MONTHS
    return is_long and bool(np.any(history.amounts[-YEAR:]))


def forecast_months(
    history: RevenueHistory, horizon: int, seed: int
) -> Forecast | None:
    """Fit Prophet to monthly revenue and forecast the months after it.

    Args:
        history: that it `can_forecast`; its last month is the origin.
        horizon: months ahead.
        seed: of the fit and of the predictive samples.

    Returns:
        The forecast, or None when the history cannot be fitted.
    """
    first, last = history.first_month, history.origin
    known = pd.DataFrame({"ds": _months(first, last), "y": history.amounts})
    ahead = pd.DataFrame({"ds": _months(last + 1, last + horizon)})
    options = {"weekly_seasonality": False}
    said = _fitted(known, ahead, _seasons(history, options), [], history, seed)
    return said and _summed(*said, np.arange(horizon), horizon)


def forecast_days(
    history: RevenueHistory, days: Days, calendar: Calendar, horizon: int, seed: int
) -> Forecast | None:
    """Fit Prophet to daily revenue, and sum its predictive samples to months.

    Daily points show the rhythm of the week and the effect of holidays and
    promotions, of which the days ahead are known: one effect for all holidays and
    one for all promotions, since each comes once a year. Days without revenue are 0.

    Args:
        history: as for `forecast_months`.
        days: daily revenue up to the origin.
        calendar: holidays and promotions.
        horizon: months ahead.
        seed: of the fit and of the predictive samples.

    Returns:
        As `forecast_months`.
    """
    start, origin = month_start(history.first_month), month_start(history.origin + 1)
    every = pd.date_range(start, month_start(history.origin + 1 + horizon))[:-1]
    amounts = pd.Series(days.amounts, index=pd.DatetimeIndex(days.dates))
    frame = calendar.flags(every).assign(y=amounts.reindex(every).fillna(0.0))
    frame = frame.rename_axis("ds").reset_index()
    known, ahead = frame[frame["ds"] < origin], frame[frame["ds"] >= origin]
    told = [name for name in FLAGS if known[name].sum() >= FEWEST_FLAGGED_DAYS]
    options = _seasons(history, {"weekly_seasonality": True})
    said = _fitted(known, ahead, options, told, history, seed)
    month = month_number(ahead["ds"]) - history.origin - 1
    return said and _summed(*said, month, horizon)


def _seasons(history: RevenueHistory, options: dict) -> dict:
    is_seasonal = len(history.amounts) >= FEWEST_SEASONAL_MONTHS
    return {**options, "yearly_seasonality": YEARLY_ORDER if is_seasonal else False}


def _summed(
    forecast: np.ndarray, samples: np.ndarray, month: np.ndarray, horizon: int
) -> Forecast:
    """Sum points and samples to months, then read the bands off the samples."""
    totals = np.zeros((horizon, samples.shape[1]))
    np.add.at(totals, month, samples)
    bands = {
        level: np.quantile(totals, [0.5 - level / 200, 0.5 + level / 200], axis=1)
        for level in LEVELS
    }
    return forecast_of(np.bincount(month, forecast, horizon), bands)


def _fitted(
    known: pd.DataFrame,
    ahead: pd.DataFrame,
    options: dict,
    regressors: list[str],
    history: RevenueHistory,
    seed: int,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Fit, and give the forecast, shape (points,), and samples, (points, SAMPLES)."""
    # Two seconds to import, and it sets log levels.
    from trajectories.forecasting.lean_prophet import LeanProphet

    with _silence():
        model = LeanProphet(
            daily_seasonality=False, uncertainty_samples=SAMPLES, **options
        )
        for name in regressors:
            model.add_regressor(name)
        try:
            model.fit(known, seed=seed)
        except RuntimeError as error:
            _log.warning(
                "Prophet could not be fitted to %s points of segment %r (%s): %s. "
                "The segment has no such Prophet forecast from %s.",
                len(known),
                history.segment_id,
                history.segmentation,
                error,
                f"{month_start(history.origin):%Y-%m}",
            )
            return None
        with seeded(seed):
            return model.forecast(ahead)


def _months(first: int, last: int) -> pd.DatetimeIndex:
    return pd.date_range(month_start(first), periods=last - first + 1, freq="MS")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Stan's and Prophet's progress lines out of the build's output."""
    from cmdstanpy import disable_logging

    logger = logging.getLogger("prophet")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with disable_logging():
            yield
    finally:
        logger.setLevel(level)
