"""How numbers, months and text from data are written on every page."""

import html
import math
import textwrap
from collections.abc import Iterable
from functools import cache

import pandas as pd

NOTHING = "–"


def is_missing(value: object) -> bool:
    """Say whether a value read from a mart is null."""
    return bool(pd.isna(value))


def count(value: float | None) -> str:
    """Write a whole number with thousands separators: 12,345."""
    return NOTHING if is_missing(value) else f"{value:,.0f}"


def counted(value: int, thing: str) -> str:
    """Write a number of things: 1 month, 12 months."""
    return f"{count(value)} {thing}" + ("" if value == 1 else "s")


def amount(value: float | None) -> str:
    """Write an amount without a currency, which the input does not name.

    Amounts of 1,000 and over lose their decimals.
    """
    if is_missing(value):
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def amounts(values: Iterable[float | None]) -> list[float | None]:
    """Round amounts for a chart as `amount` writes them; null becomes a gap."""
    return [
        round(value) if value is not None and abs(value) >= 1000 else value
        for value in rounded(values)
    ]


def decimal(value: float | None, digits: int = 2) -> str:
    """Write a number with a fixed number of decimals."""
    return NOTHING if is_missing(value) else f"{value:,.{digits}f}"


def threshold(value: float | None) -> str:
    """Write what a measure is held against, with the digits that it has: 30, 0.02."""
    return NOTHING if is_missing(value) else f"{value:g}"


def signed(value: float | None, digits: int = 2) -> str:
    """Write a difference with its sign: -0.123, +0.045, 0.000."""
    if is_missing(value):
        return NOTHING
    return f"{value:+,.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """Write a share between 0 and 1 as per cent: 0.123 is 12.3 %."""
    return NOTHING if is_missing(value) else f"{100 * value:.{digits}f} %"


def p_value(p: float | None, shuffles: float | None) -> str:
    """Write a p-value: 0.095, or fewer than 1 in 21 where no shuffle came up to it."""
    if is_missing(p) or is_missing(shuffles) or round(p * (shuffles + 1), 6) != 1:
        return decimal(p, 3)
    return f"fewer than 1 in {count(shuffles + 1)}"


def change(now: float | None, before: float | None) -> str:
    """Write the relative change from before to now: up 4.2 % or down 4.2 %.

    There is none from nothing, and none from or to what lies below zero.
    """
    if is_missing(now) or is_missing(before) or before <= 0 or now < 0:
        return "no comparison"
    relative = 100 * (now - before) / before
    if round(relative, 1) == 0:
        return "unchanged"
    return f"{'up' if relative > 0 else 'down'} {abs(relative):,.1f} %"


def month(value: pd.Timestamp | None) -> str:
    """Write a month in words: December 2017."""
    return NOTHING if is_missing(value) else pd.Timestamp(value).strftime("%B %Y")


def day(value: pd.Timestamp | None) -> str:
    """Write a day in words: 31 December 2017."""
    return NOTHING if is_missing(value) else f"{pd.Timestamp(value).day} {month(value)}"


@cache
def month_key(value: pd.Timestamp) -> str:
    """Write a month as its first day: 2017-12-01, as Plotly's axes read it."""
    return pd.Timestamp(value).strftime("%Y-%m-%d")


def few(smallest_cell: int) -> str:
    """Write what stands where a cell is too small to be shown."""
    return f"fewer than {smallest_cell}"


# What stands where a number is hidden, beside the sentence that says why.
HIDDEN = "hidden"


def hidden(smallest_cell: int) -> str:
    """Say why numbers are hidden."""
    return (
        f"Hidden: numbers of {few(smallest_cell)} customers, and others from which"
        " these could be computed."
    )


def words(name: str) -> str:
    """Turn a column or code name into words: wealth_segment is Wealth segment."""
    text = str(name).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


FEATURES = {
    "length_days": "Length (days since first order)",
    "recency_days": "Recency (days since last order)",
    "frequency_orders": "Frequency (orders)",
    "monetary_amount": "Monetary (amount)",
    "spend_amount": "Spend (amount)",
    "average_order_amount": "Average order (amount)",
    "orders": "Orders",
    "items": "Items",
    "sessions": "Web sessions",
    "discount_share": "Discount (share of list price)",
    "returned_share": "Returned (share of orders)",
}


def feature(name: str) -> str:
    """Name a clustering feature with its unit."""
    return FEATURES.get(name, words(name))


# What is compared of a customer, before any smoothing.
REPRESENTATIONS = {
    "population": "Values as they are",
    "smoothed": "Values",
    "smoothed_unit_length": "Shape without its level",
    "smoothed_own_maximum": "Share of the own highest value",
    "cumulative_share": "Share of the spend reached so far",
    "own_z_score": "Z-scores of the own path",
    "smoothed_order_rhythm": "Rhythm of orders",
    "smoothed_spend_rhythm": "Rhythm of orders and spend",
}

METRIC_NAMES = {"dtw": "DTW", "euclidean": "Euclidean", "msm": "MSM"}


def metric(name: str) -> str:
    """Name a metric as people write it."""
    return METRIC_NAMES.get(name, words(name))


def plain(text: object) -> str:
    """Escape text from data for a chart.

    Plotly reads a small set of HTML tags in labels (links among them), so text
    from data must not carry any.
    """
    return "" if is_missing(text) else html.escape(str(text), quote=False)


def wrapped(text: object, width: int = 16) -> str:
    """Escape text from data for a chart and break it into short lines."""
    if is_missing(text):
        return ""
    return "<br>".join(plain(line) for line in textwrap.wrap(str(text), width))


def rounded(values: Iterable[float | None], digits: int = 2) -> list[float | None]:
    """Round numbers for a chart; null and infinite become gaps (None)."""
    return [
        None
        if is_missing(value) or math.isinf(value)
        else (round(float(value), digits) + 0.0)
        for value in values
    ]


def listing(names: Iterable[str]) -> str:
    """Join names as a sentence does: a, b and c."""
    names = list(names)
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
