"""The days of the sample shop: months, weekdays, promotions, seasons."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from trajectories.sample_shop.settings import ShopSettings


class Promotion(NamedTuple):
    """A sale that returns every year on the same days."""

    name: str
    first_day: str  # month-day
    last_day: str
    discount_share: float


PROMOTIONS = (
    Promotion("Back to Work Sale", "01-29", "02-04", 0.15),
    Promotion("Autumn Clearance", "04-09", "04-15", 0.20),
    Promotion("End of Financial Year Sale", "06-20", "06-26", 0.25),
    Promotion("Winter Warm-Up", "08-07", "08-13", 0.15),
    Promotion("Spring Tune-Up Sale", "10-09", "10-15", 0.20),
    Promotion("November Flash Sale", "11-13", "11-19", 0.25),
    Promotion("Boxing Day Sale", "12-26", "12-31", 0.30),
)

# Demand by month of the year relative to the mean; spring and summer in the
# southern hemisphere are the riding season.
SEASON_FACTORS = np.array(
    [1.02, 0.98, 0.98, 0.95, 0.90, 0.90, 0.88, 0.95, 1.05, 1.10, 1.12, 1.17]
)


@dataclass(frozen=True)
class ShopCalendar:
    """The consecutive days of a shop's history.

    Attributes:
        dates: datetime64[D] of shape (days,).
    """

    dates: np.ndarray

    @classmethod
    def of(cls, settings: ShopSettings) -> "ShopCalendar":
        """Lay out the calendar for some settings."""
        end = np.datetime64(settings.end_date, "D")
        first_month = end.astype("datetime64[M]") - (settings.months - 1)
        return cls(np.arange(first_month.astype("datetime64[D]"), end + 1))

    def __len__(self) -> int:
        """Return the number of days."""
        return len(self.dates)

    @cached_property
    def day_numbers(self) -> np.ndarray:
        """0 for the first day, shape (days,)."""
        return np.arange(len(self.dates))

    @cached_property
    def months(self) -> np.ndarray:
        """The months as datetime64[M], shape (months,)."""
        return np.unique(self.dates.astype("datetime64[M]"))

    @cached_property
    def month_numbers(self) -> np.ndarray:
        """Month of each day, 0 for the first month, shape (days,)."""
        return (self.dates.astype("datetime64[M]") - self.months[0]).astype(int)

    @cached_property
    def month_starts(self) -> np.ndarray:
        """Day number of the first day of each month, and the end, (months + 1,)."""
        return np.searchsorted(self.month_numbers, np.arange(len(self.months) + 1))

    @cached_property
    def years(self) -> range:
        """The calendar years the history touches."""
        first, last = self.dates[[0, -1]].astype("datetime64[Y]").astype(int) + 1970
        return range(int(first), int(last) + 1)

    @cached_property
    def weekdays(self) -> np.ndarray:
        """0 for Monday to 6 for Sunday, shape (days,)."""
        return (self.dates.astype(int) + 3) % 7

    @cached_property
    def season_factors(self) -> np.ndarray:
        """Demand relative to the mean, shape (days,)."""
        return SEASON_FACTORS[self.dates.astype("datetime64[M]").astype(int) % 12]

    @cached_property
    def promotion_numbers(self) -> np.ndarray:
        """Index in PROMOTIONS of each day's sale, -1 for none, shape (days,)."""
        numbers = np.full(len(self.dates), -1)
        for year in self.years:
            for number, promotion in enumerate(PROMOTIONS):
                first = self.day_number(f"{year}-{promotion.first_day}")
                last = self.day_number(f"{year}-{promotion.last_day}")
                numbers[max(first, 0) : max(last + 1, 0)] = number
        return numbers

    @cached_property
    def business_closing(self) -> np.ndarray:
        """True in the last working days of the month's books, shape (days,).

        The last six weekdays of each month; in December the books close before
        the Christmas shutdown, from the 15th to the 22nd.
        """
        closing = np.zeros(len(self.dates), dtype=bool)
        working = self.weekdays < 5
        for number, month in enumerate(self.months):
            start, end = self.month_starts[number : number + 2]
            days = np.arange(start, end)[working[start:end]]
            if int(month.astype(int)) % 12 == 11:
                days = days[(days >= start + 14) & (days <= start + 21)]
            closing[days[-6:]] = True
        return closing

    @cached_property
    def business_shutdown(self) -> np.ndarray:
        """True from 23 December to 7 January, shape (days,)."""
        month = self.dates.astype("datetime64[M]")
        day = (self.dates - month.astype("datetime64[D]")).astype(int) + 1
        of_year = month.astype(int) % 12
        return ((of_year == 11) & (day >= 23)) | ((of_year == 0) & (day <= 7))

    def day_number(self, iso_date: str) -> int:
        """Day number of a date, negative or past the end when outside."""
        return int((np.datetime64(iso_date, "D") - self.dates[0]).astype(int))
