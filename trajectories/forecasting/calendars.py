"""What is known ahead of single days: public holidays and planned promotions."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from trajectories.forecasting.histories import KEYS, rounded
from trajectories.months import month_number

#: Columns of `Calendar.flags`.
FLAGS = ["is_holiday", "is_promotion"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calendar:
    """Days that differ from others and are known before they come.

    Attributes:
        country: two-letter code of the country whose public holidays count; None:
            no holidays.
        promotions: first and last day of each planned promotion.
    """

    country: str | None = None
    promotions: tuple[tuple[pd.Timestamp, pd.Timestamp], ...] = ()

    def flags(self, days: pd.DatetimeIndex) -> pd.DataFrame:
        """Say of each day whether it is a holiday, and whether a promotion runs.

        Args:
            days: in order, shape (days,).

        Returns:
            FLAGS as 0 or 1, one row per day, index `days`.
        """
        found = pd.DataFrame(0.0, index=days, columns=FLAGS)
        if self.country and len(days):
            dates = _holidays(self.country, days[0].year, days[-1].year)
            found["is_holiday"] = days.isin(dates).astype(float)
        for first, last in self.promotions:
            found.loc[first:last, "is_promotion"] = 1.0
        return found


@cache
def _holidays(country: str, first_year: int, last_year: int) -> pd.DatetimeIndex:
    from holidays import country_holidays

    years = range(first_year, last_year + 1)
    return pd.to_datetime(list(country_holidays(country, years=years)))


def read_calendar(frame: pd.DataFrame | None) -> Calendar:
    """Read the country and the promotions.

    Args:
        frame: kind ("country" or "promotion"), name, first_date and last_date (of
            promotions); None: nothing is known ahead. A country is given by its
            English name or its code of two or three letters.

    Returns:
        The calendar, without holidays where the country is unknown (logged).

    Raises:
        ValueError: a promotion lacks a date or ends before it begins.
    """
    if frame is None or frame.empty:
        return Calendar()
    countries = frame.loc[frame["kind"] == "country", "name"]
    runs = frame[frame["kind"] == "promotion"].sort_values(["first_date", "last_date"])
    first, last = pd.to_datetime(runs["first_date"]), pd.to_datetime(runs["last_date"])
    wrong = ~(first <= last)
    if wrong.any():
        raise ValueError(
            f"The promotion {runs.loc[wrong, 'name'].iloc[0]!r} has no first_date at or"
            " before its last_date. Give both in seeds/reference/promotions.csv as"
            " year-month-day."
        )
    return Calendar(
        _country_code(str(countries.iloc[0])) if len(countries) else None,
        tuple(zip(first, last, strict=True)),
    )


def _country_code(name: str) -> str | None:
    """Find a country among those whose holidays are known."""
    from holidays.registry import COUNTRIES

    asked = name.strip().casefold().replace(" ", "_")
    for country, (_, *codes) in COUNTRIES.items():
        if asked == country or asked.upper() in codes:
            return codes[0]
    _log.warning(
        "No public holidays are known for the country %r, which most addresses name. "
        "Daily forecasts do without them.",
        name,
    )
    return None


@dataclass(frozen=True)
class Days:
    """Daily revenue up to an origin: only days with revenue.

    Attributes:
        dates: in order, shape (days,), datetime64[D].
        amounts: shape (days,), in the shop's currency.
    """

    dates: np.ndarray
    amounts: np.ndarray


def read_days(frame: pd.DataFrame | None) -> dict[tuple, Days]:
    """Group the daily revenue by history.

    Args:
        frame: rows of definition, segmentation, segment_id, origin_month, order_date
            and revenue_amount, up to the origin, added up by day; None: no days.

    Returns:
        By definition, segmentation, segment and month number of the origin.
    """
    if frame is None or frame.empty:
        return {}
    rows = pd.DataFrame(
        {
            **{name: frame[name].astype(str) for name in KEYS[:3]},
            "origin": month_number(frame["origin_month"]),
            "date": pd.to_datetime(frame["order_date"]),
            "amount": rounded(frame["revenue_amount"]),
        }
    )
    keys = [*KEYS[:3], "origin"]
    rows = rows.groupby([*keys, "date"], as_index=False)["amount"].sum()
    return {
        key: Days(
            group["date"].to_numpy().astype("datetime64[D]"), group["amount"].to_numpy()
        )
        for key, group in rows.groupby(keys)
    }
