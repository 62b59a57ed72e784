"""Simple forecasting methods on one monthly history, all from statsforecast."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np

YEAR = 12
#: Two full years: with less, a yearly pattern cannot be told from the trend.
FEWEST_SEASONAL_MONTHS = 2 * YEAR
LEVELS = (80, 95)
METHODS = (
    "naive",
    "seasonal_naive",
    "yearly_mean",
    "exponential_smoothing",
    "theta",
    "ets",
)
PROPHETS = ("prophet", "prophet_daily")
FORECAST_MODELS = (*METHODS, *PROPHETS)


_drawing = threading.Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, which libraries draw from, then restore it.

    One thread at a time: some engines run their tasks in threads of one process.
    """
    with _drawing:
        state = np.random.get_state()
        np.random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)


@dataclass(frozen=True)
class Forecast:
    """What a model says of the months after a history, as it comes.

    Attributes:
        amounts: shape (horizon,), in the shop's currency, none below zero.
        own_band_80: the model's own band, shape (2, horizon), lower and upper end,
            none below zero; NaN where it has none.
        own_band_95: the same for 95 %.
    """

    amounts: np.ndarray
    own_band_80: np.ndarray
    own_band_95: np.ndarray


def forecast_of(
    amounts: np.ndarray, bands: dict[int, np.ndarray] | None = None
) -> Forecast:
    """Make a forecast of which nothing lies below zero.

    Args:
        amounts: shape (horizon,).
        bands: by level in per cent, shape (2, horizon); None: it has none.
    """
    none = np.full((2, len(amounts)), np.nan)
    own = bands or dict.fromkeys(LEVELS, none)
    known = (np.where(np.isfinite(own[level]), own[level], np.nan) for level in LEVELS)
    return Forecast(*(np.maximum(values, 0.0) for values in (amounts, *known)))


def forecast_simply(amounts: np.ndarray, horizon: int) -> dict[str, Forecast]:
    """Forecast a history with every simple method that it is long enough for.

    Naive repeats the last month, seasonal naive the months of a year before, yearly
    mean the mean of the last twelve. Simple exponential smoothing, Theta
    (Assimakopoulos and Nikolopoulos 2000) and ETS (Hyndman et al. 2002: error, damped
    or straight trend and season chosen by AICc) are fitted; the last two look for a
    yearly pattern from FEWEST_SEASONAL_MONTHS on. A month of net returns is forecast
    as 0.

    Args:
        amounts: monthly revenue up to the origin, shape (months,), at least one.
        horizon: months ahead.

    Returns:
        By name, of METHODS; seasonal naive needs twelve months, Theta four, ETS seven.
    """
    values = np.ascontiguousarray(amounts, dtype=np.float64)
    season = YEAR if len(values) >= FEWEST_SEASONAL_MONTHS else 1
    found = {}
    for name, make in _makers().items():
        if name == "seasonal_naive" and len(values) < YEAR:
            continue
        said = _asked(make(season, len(values)), values, horizon, name)
        if said is not None:
            found[name] = said
    return found


@cache
def _makers() -> dict[str, Callable]:
    """List the methods; statsforecast takes seconds to import."""
    from statsforecast import models

    return {
        "naive": lambda season, months: models.Naive(),
        "seasonal_naive": lambda season, months: models.SeasonalNaive(YEAR),
        "yearly_mean": lambda season, months: models.WindowAverage(min(YEAR, months)),
        "exponential_smoothing": lambda season, months: (
            models.SimpleExponentialSmoothingOptimized()
        ),
        "theta": lambda season, months: models.Theta(season_length=season),
        "ets": lambda season, months: models.AutoETS(season_length=season),
    }


#: These come with a band of their own (the others would only have a conformal one).
BANDED = ("naive", "seasonal_naive", "theta", "ets")


def _asked(
    model: object, values: np.ndarray, horizon: int, name: str
) -> Forecast | None:
    level = list(LEVELS) if name in BANDED else None
    try:
        # Theta and ETS draw the bands that they simulate from numpy's generator.
        with seeded(0), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)  # of bands on few months
            said = model.forecast(y=values, h=horizon, level=level)
    except (NotImplementedError, IndexError):  # "tiny datasets"
        return None
    if not np.all(np.isfinite(said["mean"])):
        return None
    if level is None:
        return forecast_of(said["mean"])
    bands = {
        share: np.array([said[f"lo-{share}"], said[f"hi-{share}"]]) for share in LEVELS
    }
    return forecast_of(said["mean"], bands)
