"""The shop as the trials see it, and the customers that are drawn from it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from trajectories.series.orders import RFM, Orders, build, is_active
from trajectories.series.series import selected, series_lengths, to_matrix, window
from trajectories.trials import evidence
from trajectories.trials.settings import Settings


@dataclass(frozen=True)
class Shop:
    """What the trials read, for a bounded number of customers.

    Attributes:
        series: columns series, customer_id, series_values.
        stages: columns series, customer_id, month, stage, orders_in_window.
        months: columns month, month_end_date, months_back, days_back.
        accepted: the accepted orders of the same customers.
        back: months between the shop's last day and the last of the series.
    """

    series: pa.Table
    stages: pd.DataFrame
    months: pd.DataFrame
    accepted: pd.DataFrame
    back: int = 0

    @classmethod
    def of(cls, series, stages, months, orders) -> "Shop":
        """Take tables or frames; order does not matter."""
        if isinstance(series, pd.DataFrame):
            series = pa.Table.from_pandas(series, preserve_index=False)
        frames = (
            frame.to_pandas() if isinstance(frame, pa.Table) else frame
            for frame in (stages, months, orders)
        )
        return cls(series, *frames)

    def at(self, back: int, customers: Collection[str]) -> "Shop":
        """Return the shop as it was so many months ago, with some of its customers.

        Nothing that is measured on it depends on an order after that month.
        """
        drawn = pa.array(sorted(customers), pa.string())
        series = self.series.filter(pc.is_in(self.series["customer_id"], drawn))
        end = pd.Timestamp(replace(self, back=back).month(0)["month_end_date"])
        known = pd.to_datetime(self.accepted["order_date"]) <= end
        drawn_orders = self.accepted["customer_id"].isin(set(customers))
        accepted = self.accepted[known & drawn_orders]
        return replace(self, series=series, accepted=accepted, back=back)

    @cached_property
    def ids(self) -> pd.Index:
        """The customers, sorted; all arrays of the shop have a row for each."""
        ids = pc.unique(self.series["customer_id"]).to_pylist()
        return pd.Index(sorted(ids), dtype=object)

    @cached_property
    def orders(self) -> Orders:
        """The orders as arrays, in the order of the table."""
        return Orders.from_frame(self.accepted, self.ids)

    def matrix(self, settings: Settings) -> np.ndarray:
        """What is compared of all customers, (customers, steps, features)."""
        chosen = self.series.filter(pc.equal(self.series["series"], settings.series))
        known = settings.compared.features
        found = to_matrix(chosen["series_values"], len(known))
        found = selected(found, known, settings.features)
        matrix = np.full((len(self.ids), *found.shape[1:]), np.nan)
        matrix[self.ids.get_indexer(chosen["customer_id"].to_pylist())] = found
        return matrix

    def month(self, months_back: int) -> pd.Series | None:
        """The row of the month so long before the last; None where there is none."""
        found = self.months[self.months["months_back"] == self.back + months_back]
        return None if found.empty else found.iloc[0]

    def last_day(self, months_back: int = 0) -> int:
        """Last day of a membership month, in days since 1970-01-01."""
        end = pd.Timestamp(self.month(months_back)["month_end_date"])
        return int(end.to_datetime64().astype("datetime64[D]").astype(int))

    def persistence(self, orders: Orders) -> np.ndarray:
        """Persistence of all customers who ordered in the last year."""
        last_day = self.last_day()
        ordered = is_active(RFM, orders, len(self.ids), last_day, 1, 1)
        return evidence.persistence(orders, np.flatnonzero(ordered), last_day)


@dataclass(frozen=True)
class Active:
    """Customers who can be compared, with their windows in original units.

    Attributes:
        rows: (customers,) their rows in the shop.
        windows: (customers, steps, features), NaN-padded at the end.
        drawn: (sample,) the positions, within these, of a stratified sample.
    """

    rows: np.ndarray
    windows: np.ndarray
    drawn: np.ndarray

    @property
    def sample(self) -> np.ndarray:
        """The windows of the sample."""
        return self.windows[self.drawn]

    def at_most(self, customers: int | None) -> "Active":
        """The same with so many customers in the sample, evenly taken from it."""
        if customers is None or customers >= len(self.drawn):
            return self
        every = np.arange(customers) * len(self.drawn) // customers
        return replace(self, drawn=self.drawn[every])


class Sampler:
    """Cuts the windows of one segmentation out of the shop and draws a sample."""

    def __init__(self, settings: Settings, shop: Shop):
        """Read the segmentation's series once."""
        self.settings, self.shop = settings, shop
        self.matrix = shop.matrix(settings)

    def of_month(self, months_back: int) -> Active | None:
        """Customers active at a month, as the stages say; None if too few."""
        month = self.shop.month(months_back)
        if month is None or not len(self.shop.ids):
            return None
        settings, stages = self.settings, self.shop.stages
        steps_back = self._steps_back(month)
        active = stages[
            (stages["series"] == settings.series)
            & (pd.to_datetime(stages["month"]) == pd.to_datetime(month["month"]))
            & (stages["stage"] == "active")
        ].set_index("customer_id")["orders_in_window"]
        rows = np.flatnonzero(self.shop.ids.isin(active.index))
        counts = active.reindex(self.shop.ids[rows]).to_numpy(float)
        return self._drawn(rows, self.matrix, steps_back, counts)

    def _steps_back(self, month: pd.Series) -> int:
        is_month = self.settings.period == "month"
        return int(month["months_back" if is_month else "days_back"])

    def of_orders(self, orders: Orders, built: dict[str, np.ndarray]) -> Active | None:
        """The same at the last month, for (shuffled) orders; None if too few.

        Args:
            orders: the shop's orders, dealt to customers in any way.
            built: series built from these orders so far, by name; added to.
        """
        settings, customers = self.settings, len(self.shop.ids)
        last_day = self.shop.last_day()
        name = settings.series
        if name not in built:
            built[name] = build(
                settings.compared,
                orders,
                customers,
                last_day,
                self._sessions(),
                settings.window,
            )
        history = settings.months_of_history, settings.orders_of_history
        active = is_active(settings.compared, orders, customers, last_day, *history)
        rows = np.flatnonzero(active)
        counts = np.bincount(orders.customer, minlength=customers)[rows]
        known = settings.compared.features
        matrix = selected(built[name], known, settings.features)
        return self._drawn(rows, matrix, 0, counts)

    def _sessions(self) -> np.ndarray:
        features = list(self.settings.features)
        if "sessions" not in features:
            return np.zeros(len(self.matrix))
        last = -1 - self._steps_back(self.shop.month(0))
        return np.nan_to_num(self.matrix[:, last, features.index("sessions")])

    def _drawn(self, rows, matrix, steps_back, counts) -> Active | None:
        settings = self.settings
        windows = window(matrix[rows], steps_back, settings.steps)
        present = series_lengths(windows) > 0
        rows, windows, counts = rows[present], windows[present], counts[present]
        if len(rows) < 2 * settings.k_min:
            return None
        by = list(settings.features).index(settings.numbered_by)
        amount = np.nansum(windows[:, :, by], axis=1)
        drawn = stratified_rows(
            counts, amount, settings.sample_customers, settings.seed
        )
        return Active(rows, windows, drawn)


def stratified_rows(
    size: np.ndarray, amount: np.ndarray, limit: int, seed: int
) -> np.ndarray:
    """Draw rows evenly over orders and, within, over amount.

    Systematic sampling from the list ordered by both: every n-th row from a random
    start, so that small and large customers are drawn in proportion.

    Args:
        size: (customers,) orders in the window.
        amount: (customers,) amount, orders ties of ``size``.
        limit: rows drawn at most.
        seed: of the start.

    Returns:
        Sorted row numbers.
    """
    customers = len(size)
    if customers <= limit:
        return np.arange(customers)
    start = np.random.default_rng(seed).random()
    every = ((np.arange(limit) + start) * customers / limit).astype(int)
    return np.sort(np.lexsort((amount, size))[every])
