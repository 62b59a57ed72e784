"""Who the customers of a segment are, and where that differs from all customers.

The verdict is made of what may be shown alone: of the shown parts of a segment, and of
how many of all customers have the same value.
"""

import math
from collections.abc import Iterable

import pandas as pd
from trajectories.dashboards.marts.shop import Shop

# A difference as large comes by chance in one of so many segmentations that have none.
LARGEST_P_VALUE = 0.05
# What the marts call a value that the input does not have.
UNKNOWN = "Unknown"


def told(shop: Shop) -> pd.DataFrame:
    """Read the parts of every segment, beside those of all customers.

    Dimensions that the input does not have are left out. Added are `all_customers` of
    the value, their `all_share`, the `p_value` of shown parts, and `differs`.
    """
    mixes = shop.read("marts.fct_segment_mixes")
    named = mixes["dimension_value"].fillna(UNKNOWN) != UNKNOWN
    mixes = mixes[mixes["dimension"].isin(set(mixes.loc[named, "dimension"]))]
    of_value = ["segmentation", "dimension", "dimension_value"]
    counted = mixes.assign(
        size=_sum(mixes, ["segment_id", "dimension"]),
        all_customers=_sum(mixes, of_value),
        total=_sum(mixes, of_value[:2]),
    )
    p_values = [
        p_value(row.customers, row.size_, row.all_customers, row.total)
        if row.is_shown
        else None
        for row in counted.rename(columns={"size": "size_"}).itertuples()
    ]
    counted = counted.assign(
        all_share=counted["all_customers"] / counted["total"],
        p_value=pd.Series(p_values, counted.index, dtype=float),
    )
    tried = counted.groupby("segmentation")["p_value"].transform("count")
    return counted.assign(differs=counted["p_value"] * tried < LARGEST_P_VALUE)


def _sum(mixes: pd.DataFrame, columns: list[str]) -> pd.Series:
    groups = mixes.groupby(columns, dropna=False)
    return groups["customers"].transform("sum").astype(float)


def p_value(part: float, size: float, all_parts: float, total: float) -> float | None:
    """Say how often chance alone sets a segment so far apart from the other customers.

    Args:
        part: customers of the segment with a value.
        size: customers of the segment.
        all_parts: all customers with the value.
        total: all customers.

    Returns:
        The p-value of the chi-square test of the four-fold table, with the correction
        of Yates; None where there is nothing to be held against.

    Examples:
        >>> p_value(30, 100, 300, 1000)
        1.0
        >>> p_value(60, 100, 300, 1000) < 1e-9
        True
        >>> p_value(100, 100, 300, 300) is None
        True
    """
    margins = size * (total - size) * all_parts * (total - all_parts)
    if margins <= 0:
        return None
    gap = abs(part * total - size * all_parts)
    corrected = max(gap - total / 2, 0)
    return math.erfc(math.sqrt(corrected**2 * total / margins / 2))


def alike(rows: pd.DataFrame, dimensions: Iterable[str]) -> list[str]:
    """List the dimensions of a segment in which no shown part differs.

    A dimension of which nothing may be shown is not one of them.
    """
    shown = rows[rows["is_shown"]].groupby("dimension")["differs"].any()
    return [name for name in dimensions if name in shown and not shown[name]]
