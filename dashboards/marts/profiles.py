"""Profiles of segments in the latest month, and what they are held against.

There is one baseline: all customers who are in a segment in that month, whether they
are clustered, new, sparse or lapsed.
"""

import pandas as pd
from trajectories.dashboards.looks import formats
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop

MEASURES = {
    "mean_length_days": "Days since first order",
    "mean_recency_days": "Days since last order",
    "mean_frequency_orders": "Orders in 12 months",
    "mean_monetary_amount": "Spend in 12 months",
    "average_order_amount": "Average order",
}


def latest(shop: Shop) -> pd.DataFrame:
    """Read the last month of each segmentation, and segments with customers."""
    profiles = shop.read("marts.fct_segment_profiles")
    last = profiles.groupby("segmentation")["month"].transform("max")
    profiles = profiles[(profiles["month"] == last) & (profiles["customers"] > 0)]
    return profiles.sort_values(
        "segment_id", key=lambda ids: ids.map(shop.segments.place)
    )


def by_segmentation(shop: Shop) -> dict[str, pd.DataFrame]:
    """Sort the profiles of the latest month by segmentation, in its order."""
    profiles = shop.once(latest)
    return {
        name: profiles[profiles["segmentation"] == name]
        for name in segmentations.ordered(shop.marts, profiles["segmentation"])
    }


def all_customers(month: pd.Timestamp) -> str:
    """Name the baseline."""
    return f"all customers who are in a segment in {formats.month(month)}"


def averages(rows: pd.DataFrame) -> pd.Series:
    """Average the profile over all customers of one segmentation and month.

    Args:
        rows: one row per segment, with customers and the columns of `MEASURES`.

    Returns:
        One value per column: the customer-weighted mean; the average order is
        weighted by orders, so that it is revenue divided by orders.
    """
    weights = dict.fromkeys(MEASURES, rows["customers"])
    weights["average_order_amount"] = rows["orders"]
    values = {}
    for column, weight in weights.items():
        known = rows[column].notna() & weight.notna()
        total = weight[known].sum()
        values[column] = (
            (rows.loc[known, column] * weight[known]).sum() / total if total else None
        )
    return pd.Series(values, dtype=float)


def ratios(row: pd.Series, average: pd.Series) -> list[float | None]:
    """Divide each measure of a segment by the average; None where there is none."""
    return [
        None
        if formats.is_missing(row[column])
        or formats.is_missing(average[column])
        or average[column] <= 0
        else row[column] / average[column]
        for column in MEASURES
    ]
