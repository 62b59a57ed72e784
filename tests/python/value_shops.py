"""Shops for tests of customer value: CDNOW as it was published, and made-up ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from real_builds import SHARED_DATA, needs_data

CDNOW = SHARED_DATA / "cdnow"
needs_cdnow = needs_data("cdnow")
HISTORY = ("repeat_orders", "last_repeat_days", "observed_days")


def histories(x: Sequence, t_x: Sequence, T: Sequence) -> pa.Table:
    """A row per customer."""
    columns = [np.asarray(values, dtype=float) for values in (x, t_x, T)]
    return pa.table(dict(zip(HISTORY, columns, strict=True)))


def history_at(days: pd.DataFrame, day: str, ahead: int) -> pd.DataFrame:
    """Histories of customers at the end of a day, and their order days after it."""
    end = pd.Timestamp(day)
    known = days[days["order_date"] <= end].groupby("customer_id")["order_date"]
    first, last = known.min(), known.max()
    is_next = (days["order_date"] > end) & (
        days["order_date"] <= end + pd.Timedelta(days=ahead)
    )
    came = days[is_next].groupby("customer_id").size()
    return pd.DataFrame(
        {
            "x": known.size() - 1,
            "t_x": (last - first).dt.days,
            "T": (end - first).dt.days,
            "came": came.reindex(first.index).fillna(0).astype(int),
        }
    )


def made_days(
    seed: int, customers: int, months: int, *, equal: bool = False, stop: float = 0.004
) -> pd.DataFrame:
    """Orders of made-up customers who come in over the first half of a shop's months.

    Args:
        seed: draws.
        customers: at most.
        months: of the shop.
        equal: all order at one rate, and nobody stops.
        stop: rate of stopping, per day.
    """
    generator = np.random.default_rng(seed)
    days = int(months * 30.4)
    first = generator.integers(0, days // 2, customers)
    rates = np.full(customers, 1 / 45)
    ends = np.full(customers, days)
    if not equal:
        rates = generator.gamma(0.8, 1 / 40, customers)
        ends = first + generator.exponential(1 / stop, customers)
    rows = []
    for number in range(customers):
        mean = 40.0 if equal else generator.lognormal(3.5, 0.6)
        own = [first[number]]
        if equal:
            own = []
        last = min(ends[number], days)
        start = 0 if equal else first[number]
        count = generator.poisson(rates[number] * max(last - start, 0))
        own = sorted({*own, *generator.integers(start, max(last, start + 1), count)})
        rows += [(number, day, mean * generator.lognormal(0, 0.4)) for day in own]
    found = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    found["order_date"] = pd.Timestamp("2016-01-01") + pd.to_timedelta(
        found["day"], "D"
    )
    return found[["customer_id", "order_date", "amount"]]


def month_ends(days: pd.DataFrame, first: int = 3) -> list[pd.Timestamp]:
    """The ends of a shop's whole months from the first-th on."""
    start, last = days["order_date"].min(), days["order_date"].max()
    return list(pd.date_range(start, last, freq="ME"))[first - 1 :]
