"""Months as numbers, so that month arithmetic is integer arithmetic."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

#: Months from January of the year 0 to numpy's first one, January 1970.
BEFORE_1970 = 12 * 1970


def month_number(days: ArrayLike | date) -> np.ndarray:
    """Count months from January of the year 0.

    Args:
        days: any days of the months, one or many.

    Returns:
        As many whole numbers.

    Raises:
        ValueError: a day is missing.

    Examples:
        >>> month_number(["2017-12-31", "2018-01-01"]).tolist()
        [24215, 24216]
    """
    months = np.asarray(days).astype("datetime64[M]")
    if np.isnat(months).any():
        raise ValueError(
            f"{np.isnat(months).sum()} of {months.size} months are missing. Give a day"
            " of each."
        )
    return months.astype(np.int64) + BEFORE_1970


def month_start(number: int) -> pd.Timestamp:
    """Return the first day of the month with this number.

    Examples:
        >>> month_start(24216)
        Timestamp('2018-01-01 00:00:00')
    """
    return pd.Timestamp(year=number // 12, month=number % 12 + 1, day=1)


def month_of_day(day: np.ndarray | int) -> np.ndarray:
    """Number the months of days that are counted from 1970-01-01.

    Examples:
        >>> month_of_day(np.array([0, 31])) - month_number("1970-01-01")
        array([0, 1])
    """
    return month_number(np.asarray(day).astype("datetime64[D]"))


def month_end(number: np.ndarray | int) -> np.ndarray:
    """Return the last days of months by number, in days since 1970-01-01.

    Examples:
        >>> int(month_end(month_number("1970-02-01")))
        58
    """
    following = (np.asarray(number) + 1 - BEFORE_1970).astype("datetime64[M]")
    return following.astype("datetime64[D]").astype(np.int64) - 1
