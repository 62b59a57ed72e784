"""Builds the series from orders, as the SQL models do, in arrays.

The null test shuffles orders over customers and needs the series anew each time; a
round trip through SQL per shuffle would be slow. The SQL stays the one that builds
what is published; test_series_parity.py holds these builders to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from trajectories.months import month_end, month_of_day
from trajectories.series.series import Series

YEAR_MONTHS = 12
# Amounts have four decimals, as in SQL: counted in these units, their sums are exact.
UNITS = 10_000
# By what customers are grouped whom segments are compared with.
RFM = Series(
    "rfm",
    ("recency_days", "frequency_orders", "monetary_amount"),
    "month",
    YEAR_MONTHS,
    is_static=True,
)


@dataclass(frozen=True)
class Orders:
    """Orders as arrays of one length.

    Attributes:
        customer: row of the customer, int64 from 0.
        day: days since 1970-01-01, int64.
        amount: revenue; negative for a return.
        is_return: whether the order is a return; returns are no orders to count.
        items, list_amount, discount_amount, returned_amount: sums of the order.

    Of amounts and items four decimals count.
    """

    customer: np.ndarray
    day: np.ndarray
    amount: np.ndarray
    is_return: np.ndarray
    items: np.ndarray
    list_amount: np.ndarray
    discount_amount: np.ndarray
    returned_amount: np.ndarray

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, customer_ids: pd.Index) -> "Orders":
        """Take the orders of ``customer_ids`` from a frame of accepted orders."""
        customer = customer_ids.get_indexer(frame["customer_id"])
        known = customer >= 0
        frame, days = frame[known], frame["order_date"][known]
        amounts = {
            field.name: frame[field.name].to_numpy(float, na_value=0.0)
            for field in fields(cls)
            if field.name not in ("customer", "day", "is_return")
        }
        return cls(
            customer=customer[known],
            day=pd.to_datetime(days).to_numpy("datetime64[D]").astype(np.int64),
            is_return=frame["is_return"].to_numpy(bool),
            **amounts,
        )

    def shuffled(self, generator: np.random.Generator) -> "Orders":
        """Deal the orders to other customers.

        Each order keeps its date and amounts, each customer keeps the number of
        orders and of returns.
        """
        customer = self.customer.copy()
        for kind in (self.is_return, ~self.is_return):
            customer[kind] = generator.permutation(customer[kind])
        return replace(self, customer=customer)

    def until(self, last_day: int) -> "Orders":
        """Keep the orders up to and including ``last_day``."""
        keep = self.day <= last_day
        parts = {f.name: getattr(self, f.name)[keep] for f in fields(self)}
        return Orders(**parts)


def spend_between(orders: Orders, customers: int, after: int, until: int) -> np.ndarray:
    """Sum each customer's amounts dated after one day and up to another."""
    inside = (orders.day > after) & (orders.day <= until)
    return _totals(orders.customer[inside], customers, orders.amount[inside])


def build(
    series: Series,
    orders: Orders,
    customers: int,
    last_day: int,
    sessions: np.ndarray,
    days: int | None = None,
) -> np.ndarray:
    """Build a series for all customers.

    Args:
        series: what is built: one of ``BUILDERS``, and which of its features.
        orders: the orders; later ones than ``last_day`` are left out.
        customers: number of customers.
        last_day: a month's last day, in days since 1970-01-01.
        sessions: (customers,) sessions in the months of the window; the series
            "behaviour" carries them unchanged, for they are no orders.
        days: of a series of days, the last so many only.

    Returns:
        (customers, steps, features), NaN before the first order, as
        :func:`trajectories.series.series.to_matrix` gives it.

    Raises:
        ValueError: when the series or one of its features is unknown.
    """
    if series.kind not in BUILDERS:
        raise ValueError(
            f"The series {series.kind!r} cannot be built from orders. Known series:"
            f" {', '.join(BUILDERS)}. Set null_shuffles to 0 for others: without a"
            " comparison with shuffled orders, their segments earn no names."
        )
    orders = orders.until(last_day)
    if series.period == "day":
        grid = _Days(orders, customers, last_day, days)
    else:
        grid = _Months(orders, customers, last_day)
    features = BUILDERS[series.kind](grid, orders, series.window, sessions)
    missing = [name for name in series.features if name not in features]
    if missing:
        raise ValueError(
            f"The series {series.kind!r} is declared with {', '.join(missing)}, but"
            f" from orders it is built of {', '.join(features)}. Declare these, or"
            " build more of them in trajectories/series/orders.py."
        )
    return grid.stack(*(features[name] for name in series.features))


def is_active(
    series: Series,
    orders: Orders,
    customers: int,
    last_day: int,
    months_of_history: int,
    orders_of_history: int,
) -> np.ndarray:
    """Tell who has enough history to be clustered; (customers,) bool.

    The same rule as the macro path_stage: paths need months of history since the
    first order, or as many days as their window, and a number of orders in it; a
    static series needs one order in its window.
    """
    orders = orders.until(last_day)
    days = orders.day[~orders.is_return]
    customer = orders.customer[~orders.is_return]
    first = np.full(customers, np.iinfo(np.int64).max)
    np.minimum.at(first, customer, days)
    if series.period == "day":
        since = last_day - series.window
        seasoned = last_day - first >= series.window - 1
    else:
        since = month_end(month_of_day(last_day) - series.window)
        known = np.where(first > last_day, last_day + 31, first)
        seasoned = month_of_day(last_day) - month_of_day(known) + 1 >= months_of_history
    recent = np.bincount(customer[days > since], minlength=customers)
    if series.is_static:
        return recent > 0
    return seasoned & (recent >= orders_of_history)


def _daily_spend(grid, orders, window, sessions) -> Mapping[str, np.ndarray]:
    return {"spend_amount": grid.sums(orders.amount)}


def _monthly_lrfm(grid, orders, window, sessions) -> Mapping[str, np.ndarray]:
    return {
        "length_days": grid.length_days,
        "recency_days": grid.recency_days,
        "frequency_orders": grid.sums((~orders.is_return).astype(float)),
        "monetary_amount": grid.sums(orders.amount),
    }


def _rfm(grid, orders, window, sessions) -> Mapping[str, np.ndarray]:
    return {
        "recency_days": grid.recency_days,
        "frequency_orders": grid.sums((~orders.is_return).astype(float), window),
        "monetary_amount": grid.sums(orders.amount, window),
    }


def _behaviour(grid, orders, window, sessions) -> Mapping[str, np.ndarray]:
    spend = grid.sums(orders.amount, window)
    count = grid.sums((~orders.is_return).astype(float), window)
    listed = grid.sums(orders.list_amount, window)
    returned = grid.sums(orders.returned_amount, window)
    return {
        "spend_amount": spend,
        "orders": count,
        "average_order_amount": _ratio(spend, count),
        "items": grid.sums(orders.items, window),
        "discount_share": share(grid.sums(orders.discount_amount, window), listed),
        "returned_share": share(returned, np.maximum(listed, returned)),
        "sessions": np.broadcast_to(sessions[:, None], spend.shape),
        "recency_days": grid.recency_days,
    }


# What each series is made of: grid, orders, months of the window and sessions in,
# the features by name out, each (customers, steps).
BUILDERS: dict[str, Callable[..., Mapping[str, np.ndarray]]] = {
    "monthly_lrfm": _monthly_lrfm,
    "daily_spend": _daily_spend,
    "rfm": _rfm,
    "behaviour": _behaviour,
}


class _Days:
    """The grid customer x day, from the earliest first order to the last day."""

    def __init__(self, orders: Orders, customers: int, last_day: int, days: int | None):
        first = _first_days(orders, customers)
        start = int(first.min(initial=last_day))
        if days is not None:
            start = max(start, last_day - days + 1)
        self.shape = (customers, last_day - start + 1)
        self.inside = orders.day >= start
        day = orders.day[self.inside] - start
        self.cell = orders.customer[self.inside] * self.shape[1] + day
        self.is_before = np.arange(start, last_day + 1)[None, :] < first[:, None]

    def sums(self, amounts: np.ndarray) -> np.ndarray:
        """Sum over each day, (customers, days)."""
        size, units = self.shape[0] * self.shape[1], _units(amounts[self.inside])
        return _totals(self.cell, size, units).reshape(self.shape) / UNITS

    def stack(self, *features: np.ndarray) -> np.ndarray:
        """Put features side by side and blank the days before the first order."""
        return _stacked(features, self.is_before)


class _Months:
    """The grid customer x month, from the earliest first order to the last month."""

    def __init__(self, orders: Orders, customers: int, last_day: int):
        first = _first_days(orders, customers)
        earliest = int(month_of_day(min(int(first.min(initial=last_day)), last_day)))
        self.months = np.arange(earliest, int(month_of_day(last_day)) + 1)
        self.shape = (customers, len(self.months))
        self.ends = month_end(self.months)
        self.inside = month_of_day(orders.day) >= earliest
        month = month_of_day(orders.day[self.inside]) - earliest
        self.cell = orders.customer[self.inside] * len(self.months) + month
        last = np.full(self.shape, -(10**9))
        bought = ~orders.is_return[self.inside]
        np.maximum.at(last.ravel(), self.cell[bought], orders.day[self.inside][bought])
        self.is_before = self.ends[None, :] < first[:, None]
        self.length_days = self.ends[None, :] - np.minimum(first, last_day)[:, None]
        self.recency_days = self.ends[None, :] - np.maximum.accumulate(last, axis=1)

    def sums(self, amounts: np.ndarray, months: int = 1) -> np.ndarray:
        """Sum over each month and the ones before it, (customers, months).

        Months before a customer's first order do not exist, so they add nothing.
        """
        size, units = self.shape[0] * self.shape[1], _units(amounts[self.inside])
        monthly = _totals(self.cell, size, units).reshape(self.shape)
        monthly[self.is_before] = 0.0
        if months == 1:
            return monthly / UNITS
        cumulated = monthly.cumsum(axis=1)
        cumulated[:, months:] -= cumulated[:, :-months].copy()
        return cumulated / UNITS

    def stack(self, *features: np.ndarray) -> np.ndarray:
        """Put features side by side and blank the months before the first order."""
        return _stacked(features, self.is_before)


def _stacked(features, is_before: np.ndarray) -> np.ndarray:
    stacked = np.stack(features, axis=2).astype(float)
    stacked[is_before] = np.nan
    return stacked


def _first_days(orders: Orders, customers: int) -> np.ndarray:
    """First order's day per customer; far in the future for who has none."""
    first = np.full(customers, 10**9)
    bought = ~orders.is_return
    np.minimum.at(first, orders.customer[bought], orders.day[bought])
    return first


def total(amounts: np.ndarray) -> np.ndarray:
    """Sum (customers, steps) amounts over the steps, exactly; NaN adds nothing."""
    return np.nansum(_units(amounts), axis=1) / UNITS


def _units(amounts: np.ndarray) -> np.ndarray:
    """Amounts as whole numbers of their smallest unit."""
    return np.rint(amounts * UNITS)


def _totals(cells: np.ndarray, size: int, amounts: np.ndarray) -> np.ndarray:
    return np.bincount(cells, weights=amounts, minlength=size).astype(float)


def _ratio(amount: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.divide(amount, by, out=np.zeros_like(amount), where=by != 0)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide a part by its whole; 0 where it is none, as the macro share has it."""
    is_part = (part >= 0) & (part <= whole) & (whole > 0)
    return np.divide(part, whole, out=np.zeros_like(part), where=is_part)
