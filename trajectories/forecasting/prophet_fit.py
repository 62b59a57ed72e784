"""Prophet on one monthly history, seeded and silent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from trajectories.forecasting.histories import History, month_start
from trajectories.forecasting.naive import LEVELS, Projection, ordered_projection

#: A trend cannot be told from noise on fewer months than are forecast.
FEWEST_MONTHS = 6
#: Two full years: with one, a yearly pattern cannot be told from the trend.
FEWEST_SEASONAL_MONTHS = 24
#: Monthly points carry at most 6 sine and cosine pairs a year; 3 leave freedom.
YEARLY_ORDER = 3
SAMPLES = 1000

_log = logging.getLogger(__name__)
_drawing = threading.Lock()


def project_prophet(history: History, horizon: int, seed: int) -> Projection | None:
    """Fit Prophet to monthly revenue and forecast the months after it.

    Prophet as it comes (linear trend with change points, maximum a posteriori,
    no weekly or daily pattern), with a yearly pattern on two full years. The
    bands are quantiles of its predictive samples (Taylor and Letham 2018,
    "Forecasting at Scale", The American Statistician 72).

    Args:
        history: known at the origin; its last month is the origin.
        horizon: months ahead.
        seed: of the fit and of the predictive samples.

    Returns:
        The projection, or None when the history is under FEWEST_MONTHS long,
        is zero throughout, or cannot be fitted.
    """
    if len(history.amounts) < FEWEST_MONTHS or not history.has_revenue:
        return None
    is_seasonal = len(history.amounts) >= FEWEST_SEASONAL_MONTHS
    first, last = history.first_month, history.last_month
    known = pd.DataFrame({"ds": _starts(first, last), "y": history.amounts})
    ahead = pd.DataFrame({"ds": _starts(last + 1, last + horizon)})
    from prophet import Prophet  # two seconds to import, and it sets log levels

    with _silence():
        model = Prophet(
            yearly_seasonality=YEARLY_ORDER if is_seasonal else False,
            weekly_seasonality=False,
            daily_seasonality=False,
            uncertainty_samples=SAMPLES,
        )
        try:
            model.fit(known, seed=seed)
        except RuntimeError as error:
            _log.warning(
                "Prophet could not be fitted to %s months of segment %r (%s): %s. "
                "The segment has no Prophet forecast from %s.",
                len(known),
                history.segment_id,
                history.segmentation,
                error,
                f"{month_start(last):%Y-%m}",
            )
            return None
        with _seeded(seed):
            forecast = model.predict(ahead)["yhat"].to_numpy()
            samples = model.predictive_samples(ahead)["yhat"]
    bands = [
        tuple(np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2], axis=1))
        for level in LEVELS
    ]
    return ordered_projection(forecast, *bands)


def _starts(first: int, last: int) -> pd.DatetimeIndex:
    return pd.date_range(month_start(first), periods=last - first + 1, freq="MS")


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, which Prophet draws from, then restore it.

    One thread at a time: some engines run their tasks in threads of one process.
    """
    with _drawing:
        state = np.random.get_state()
        np.random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)


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
