"""How numbers, months and text from data are written on every page.

One thing has one form: `count` for people, orders and rows, `share` for parts of a
whole, `decimal` for measures, `amount` for money in sentences, titles and cards, and
`whole_amount` for money in tables.
"""

import html
import math
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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


# What amounts are written with; empty where nothing names it.
_currency: ContextVar[str] = ContextVar("currency", default="")


@contextmanager
def amounts_in(currency: str) -> Iterator[None]:
    """Write amounts in a currency, while pages are drawn."""
    token = _currency.set(currency)
    try:
        yield
    finally:
        _currency.reset(token)


def unit() -> str:
    """Name the unit of amounts, for axes and headers: the currency, or "amount"."""
    return _currency.get() or "amount"


def with_unit(words: str) -> str:
    """Put the unit of amounts into words that have a place for it ("{unit}")."""
    return words.replace("{unit}", unit())


# An amount is told with so many digits: the next would claim what nobody knows.
DIGITS = 3
MILLION = 1_000_000


def amount(value: float | None) -> str:
    """Write an amount for a sentence, a title or a card, with three digits.

    Signs of a currency stand before it, words behind it.

    Examples:
        >>> [amount(value) for value in (456_781, 4_080_000, 1234.5, 86.04, 0.5)]
        ['457,000', '4.08 m', '1,230', '86.0', '0.500']
        >>> with amounts_in("EUR"):
        ...     amount(456_781).replace("\u00a0", " ")
        '457,000 EUR'
    """
    if is_missing(value):
        return NOTHING
    told = float(f"{value:.{DIGITS - 1}e}")
    if abs(told) >= MILLION:
        return _with_currency(f"{_digits(told / MILLION)}\u00a0m")
    return _with_currency(_digits(told))


def whole_amount(value: float | None) -> str:
    """Write an amount for a table, whose header names the unit.

    Tables add up and are compared row by row: amounts are whole from 1,000 on, and
    have two decimals below.
    """
    if is_missing(value):
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def _digits(value: float) -> str:
    """Write what was rounded to some digits with them, and no further ones."""
    before = len(f"{abs(value):.0f}") if abs(value) >= 1 else 0
    return f"{value:,.{max(DIGITS - before, 0)}f}" if value else "0"


def _with_currency(written: str) -> str:
    currency = _currency.get()
    if not currency or currency[-1].isalpha():
        return f"{written}\u00a0{currency}" if currency else written
    sign = "-" if written.startswith("-") else ""
    return f"{sign}{currency}{written.removeprefix('-')}"


def amounts(values: Iterable[float | None]) -> list[float | None]:
    """Round amounts for a chart and its table, as in other tables; null is a gap."""
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
    """Write a share between 0 and 1 as per cent: 0.123 is 12.3 %.

    Examples:
        >>> share(-0.0001)
        '0.0 %'
    """
    if is_missing(value):
        return NOTHING
    return f"{round(100 * value, digits) + 0.0:.{digits}f} %"


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
    "monetary_amount": "Monetary ({unit})",
    "spend_amount": "Spend ({unit})",
    "average_order_amount": "Average order ({unit})",
    "orders": "Orders",
    "items": "Items",
    "sessions": "Web sessions",
    "discount_share": "Discount (share of list price)",
    "returned_share": "Returned (share of orders)",
}


def feature(name: str) -> str:
    """Name a clustering feature with its unit."""
    return with_unit(FEATURES[name]) if name in FEATURES else words(name)


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
    """Escape text from data for a chart and break it into short lines.

    Examples:
        >>> wrapped("Telecommunications and Media")
        'Telecommunications<br>and Media'
    """
    if is_missing(text):
        return ""
    lines = textwrap.wrap(str(text), width, break_long_words=False)
    return "<br>".join(plain(line) for line in lines)


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
