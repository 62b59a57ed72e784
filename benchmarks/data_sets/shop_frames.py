"""What the trials read, straight from orders: a build's models in arrays."""

import numpy as np
import pandas as pd
import pyarrow as pa

from trajectories.months import month_end, month_of_day, month_start
from trajectories.series.orders import Orders, build, is_active
from trajectories.series.series import Series, series_lengths, window

MONTHS = 6
MONTHS_OF_HISTORY = ORDERS_OF_HISTORY = 3
NOTHING = ("items", "list_amount", "discount_amount", "returned_amount")


DAILY_SPEND = Series("daily_spend", ["spend_amount"], "day", 90)


class ShopFrames:
    """One series of a shop, at its last months.

    Args:
        series: as in ``trajectories.series.orders.build``.
        orders: customer_id, order_date, amount and, if any came back, is_return, up
            to the last day of a month.
    """

    def __init__(self, series: Series, orders: pd.DataFrame):
        """Build the series of all customers."""
        rest = dict.fromkeys(NOTHING, 0.0)
        self.orders = pd.DataFrame({"is_return": False, **orders, **rest})
        self.series = series
        self.ids = pd.Index(sorted(orders["customer_id"].unique()), dtype=object)
        self._held = Orders.from_frame(self.orders, self.ids)
        newest = orders["order_date"].max().to_datetime64().astype("datetime64[D]")
        self.last_day = int(month_end(month_of_day(int(newest.astype(int)))))
        nobody = np.zeros(len(self.ids))
        self.matrix = build(series, self._held, len(self.ids), self.last_day, nobody)

    def active(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Customers of the last month and their windows of so many steps."""
        rows = self._active_rows(self.last_day)
        return self.ids[rows].to_numpy(), window(self.matrix[rows], 0, steps)

    def of(self, customer_ids: list[str]) -> dict:
        """The tables that ``run_trials`` reads, of some customers."""
        rows = self.ids.get_indexer(customer_ids)
        lengths = series_lengths(self.matrix[rows])
        values = [
            series[len(series) - length :].ravel()
            for series, length in zip(self.matrix[rows], lengths, strict=True)
        ]
        months = pd.DataFrame([self._month(back) for back in range(MONTHS)])
        stages = pd.concat([self._stages(month) for month in months.itertuples()])
        return {
            "series": pa.table(
                {
                    "series": [self.series.kind] * len(rows),
                    "customer_id": list(customer_ids),
                    "series_values": pa.array(values, pa.list_(pa.float64())),
                }
            ),
            "stages": stages[stages["customer_id"].isin(customer_ids)],
            "months": months,
            "orders": self.orders[self.orders["customer_id"].isin(customer_ids)],
        }

    def _active_rows(self, last_day: int) -> np.ndarray:
        customers = len(self.ids)
        history = MONTHS_OF_HISTORY, ORDERS_OF_HISTORY
        return np.flatnonzero(
            is_active(self.series, self._held, customers, last_day, *history)
        )

    def _month(self, back: int) -> dict:
        month = int(month_of_day(self.last_day)) - back
        end = int(month_end(month))
        return {
            "month": month_start(month),
            "month_end_date": pd.Timestamp(end, unit="D"),
            "months_back": back,
            "days_back": self.last_day - end,
        }

    def _stages(self, month) -> pd.DataFrame:
        end = self.last_day - month.days_back
        rows = self._active_rows(end)
        until = self._held.customer[self._held.day <= end]
        counts = np.bincount(until, minlength=len(self.ids))
        return pd.DataFrame(
            {
                "series": self.series.kind,
                "customer_id": self.ids[rows],
                "month": month.month,
                "stage": "active",
                "orders_in_window": counts[rows],
            }
        )
