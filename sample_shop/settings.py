"""What a caller may choose about the sample shop."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class ShopSettings:
    """Size, period and seed of a sample shop.

    Attributes:
        customers: customers with at least one order (50 or more).
        months: calendar months of history, the last one complete (6 or more).
        end_date: last day of the history; must be the last day of a month.
        seed: the same seed and sizes give the same shop, byte for byte.
        orders_per_customer: mean orders per customer over the whole history;
            None leaves the natural pace of the kinds (about 11 in 25 months).

    Raises:
        ValueError: when a setting is outside the stated range.
    """

    customers: int = 4_000
    months: int = 25
    end_date: date = date(2018, 1, 31)
    seed: int = 20171231
    orders_per_customer: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges, with a sentence for each violation."""
        if self.customers < 50:
            raise ValueError(
                f"customers is {self.customers}: ask for at least 50, so that "
                "every behaviour kind has members."
            )
        if self.months < 6:
            raise ValueError(
                f"months is {self.months}: ask for at least 6, so that customers "
                "have a past before the last three months."
            )
        if (self.end_date + timedelta(days=1)).day != 1:
            raise ValueError(
                f"end_date is {self.end_date}: give the last day of a month."
            )
        if self.orders_per_customer is not None and self.orders_per_customer < 1:
            raise ValueError(
                f"orders_per_customer is {self.orders_per_customer}: give 1 or more, "
                "because every customer has an order."
            )
