"""Forecast models: what each is called, and the simple methods on monthly histories.

A further method is one entry of `METHODS`: it is then forecast with, weighed into the
means, judged, published and named on the pages.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

YEAR = 12
#: The method that says of each month what came a year before.
LAST_YEAR = "seasonal_naive"
#: Two full years: with less, a yearly pattern cannot be told from the trend.
FEWEST_SEASONAL_MONTHS = 2 * YEAR
LEVELS = (80, 95)
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


@dataclass(frozen=True)
class Naming:
    """What people call a forecast model.

    Attributes:
        name: as a label, but for a capital.
        description: what it does, in whole sentences.
        phrase: how a sentence speaks of it, where the label does not do.
    """

    name: str
    description: str
    phrase: str = ""

    @property
    def label(self) -> str:
        """The name, with a capital."""
        return self.name[0].upper() + self.name[1:]

    @property
    def in_sentence(self) -> str:
        """The phrase, or the name."""
        return self.phrase or self.name


@dataclass(frozen=True, kw_only=True)
class Method(Naming):
    """A simple way to forecast one monthly history.

    Attributes:
        forecast: takes amounts, shape (months,), at least one, and the months ahead;
            None where the history is too short for it.
    """

    forecast: Callable[[np.ndarray, int], Forecast | None]


def _statsforecast(
    model: str,
    settings: Callable[[int, int], dict] = lambda season, months: {},
    fewest_months: int = 1,
    is_banded: bool = True,
) -> Callable[[np.ndarray, int], Forecast | None]:
    """Forecast by a model of statsforecast, which takes seconds to import.

    Args:
        model: its name there.
        settings: its arguments, by the length of a season and of the history.
        fewest_months: shorter histories are not forecast.
        is_banded: it has a band of its own (others would only have a conformal one).
    """

    def forecast(amounts: np.ndarray, horizon: int) -> Forecast | None:
        months = len(amounts)
        if months < fewest_months:
            return None
        from statsforecast import models

        season = YEAR if months >= FEWEST_SEASONAL_MONTHS else 1
        fitted = getattr(models, model)(**settings(season, months))
        return _forecast_by(fitted, amounts, horizon, is_banded)

    return forecast


def _forecast_by(
    model: object, amounts: np.ndarray, horizon: int, is_banded: bool
) -> Forecast | None:
    level = list(LEVELS) if is_banded else None
    try:
        # Theta and ETS draw the bands that they simulate from numpy's generator.
        with seeded(0), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)  # of bands on few months
            answer = model.forecast(y=amounts, h=horizon, level=level)
    except (NotImplementedError, IndexError):  # "tiny datasets"
        return None
    if not np.all(np.isfinite(answer["mean"])):
        return None
    if level is None:
        return forecast_of(answer["mean"])
    bands = {
        share: np.array([answer[f"lo-{share}"], answer[f"hi-{share}"]])
        for share in LEVELS
    }
    return forecast_of(answer["mean"], bands)


#: Theta: Assimakopoulos and Nikolopoulos 2000. ETS: Hyndman et al. 2002, error, damped
#: or straight trend and season chosen by AICc. Both look for a yearly pattern from
#: FEWEST_SEASONAL_MONTHS on.
METHODS = {
    "naive": Method(
        name="last month repeated",
        description="Every month is as the last one.",
        forecast=_statsforecast("Naive"),
    ),
    "seasonal_naive": Method(
        name="last year repeated",
        description="Every month is as twelve months before.",
        forecast=_statsforecast(
            "SeasonalNaive",
            lambda season, months: {"season_length": YEAR},
            fewest_months=YEAR,
        ),
    ),
    "yearly_mean": Method(
        name="mean of the last year",
        phrase="the mean of the last year",
        description="Every month is the mean of the last twelve.",
        forecast=_statsforecast(
            "WindowAverage",
            lambda season, months: {"window_size": min(YEAR, months)},
            is_banded=False,
        ),
    ),
    "exponential_smoothing": Method(
        name="exponential smoothing",
        description="Follows the level.",
        forecast=_statsforecast("SimpleExponentialSmoothingOptimized", is_banded=False),
    ),
    "theta": Method(
        name="Theta",
        description="Follows level and trend, and a yearly pattern from two years on.",
        forecast=_statsforecast(
            "Theta", lambda season, months: {"season_length": season}
        ),
    ),
    "ets": Method(
        name="ETS",
        description=(
            "Follows the level, and trend and yearly pattern where they explain enough."
        ),
        forecast=_statsforecast(
            "AutoETS", lambda season, months: {"season_length": season}
        ),
    ),
}
PROPHETS = {
    "prophet": Naming(
        "Prophet on months",
        "Tells trend and seasons apart. It is tried from the sixth to the twelfth month"
        " of a segment, then from the last month of every quarter and from the latest"
        " month.",
    ),
    "prophet_daily": Naming(
        "Prophet on days",
        "Tells trend, seasons, holidays and promotions apart, and adds its days up. It"
        " is tried as the one on months.",
    ),
}
MEANS = {
    "plain_mean": Naming(
        "plain mean",
        "The mean of all simple ones.",
        "the plain mean of the simple methods",
    ),
    "weighted_mean": Naming(
        "weighted mean",
        "The mean of all simple ones, in which those count more that erred less.",
        "the weighted mean of the simple methods",
    ),
}


def projected_models() -> tuple[str, ...]:
    """List the models that forecast by themselves: the simple methods, then Prophet.

    Examples:
        >>> projected_models()[:2]
        ('naive', 'seasonal_naive')
    """
    return (*METHODS, *PROPHETS)


def namings() -> dict[str, Naming]:
    """Give what every model is called, in the order in which people meet them."""
    return {**PROPHETS, **dict(reversed((METHODS | MEANS).items()))}


def forecast_models() -> pa.Table:
    """List all forecast models, as people name them.

    Returns:
        One row per model, in the order in which people meet them: forecast_model_id,
        model_name, description, is_last_year (whether it repeats the last year) and
        place (from 1).

    Examples:
        >>> forecast_models()["model_name"].to_pylist()[:3]
        ['Prophet on months', 'Prophet on days', 'Weighted mean']
    """
    models = namings()
    return pa.table(
        {
            "forecast_model_id": pa.array(models, pa.string()),
            "model_name": [one.label for one in models.values()],
            "description": [one.description for one in models.values()],
            "is_last_year": [one == LAST_YEAR for one in models],
            "place": pa.array(range(1, len(models) + 1), pa.int64()),
        }
    )


def forecast_simply(amounts: np.ndarray, horizon: int) -> dict[str, Forecast]:
    """Forecast a history with every simple method that it is long enough for.

    A month of net returns is forecast as 0.

    Args:
        amounts: monthly revenue up to the origin, shape (months,), at least one.
        horizon: months ahead.

    Returns:
        By name, of METHODS; seasonal naive needs twelve months, Theta four, ETS seven.
    """
    values = np.ascontiguousarray(amounts, dtype=np.float64)
    answers = {
        name: method.forecast(values, horizon) for name, method in METHODS.items()
    }
    return {name: one for name, one in answers.items() if one is not None}
