"""The behaviour kinds of the sample shop: how often each orders, day by day.

Every kind has an intensity: expected orders a day for each customer, before the
customer's own pace. Same-kind customers share the shape and differ in pace,
favourite weekday, phase and level.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from trajectories.sample_shop.shop_calendar import ShopCalendar


@dataclass(frozen=True)
class Traits:
    """What makes customers of one kind differ; every array has shape (customers,).

    Attributes:
        pace: multiplies the orders a day; mean 1.
        phase_days: shifts seasonal bumps, in days.
        width: stretches bumps and declines; mean 1.
        favourite_weekday: 0 Monday to 6 Sunday.
        burst_draws: (customers, quarters) uniform draws that place bursts.
        moods: (customers, months) slow noise on the pace, mean about 1.
    """

    pace: np.ndarray
    phase_days: np.ndarray
    width: np.ndarray
    favourite_weekday: np.ndarray
    burst_draws: np.ndarray
    moods: np.ndarray

    def take(self, rows: np.ndarray) -> "Traits":
        """Return the traits of some customers."""
        return Traits(*(getattr(self, field.name)[rows] for field in fields(self)))


def draw_traits(
    rng: np.random.Generator, customers: int, calendar: ShopCalendar
) -> Traits:
    """Draw the traits of customers.

    Args:
        rng: the source of chance.
        customers: how many.
        calendar: gives the number of months and quarters.

    Returns:
        Traits with arrays of `customers` rows.
    """
    quarters = -(-len(calendar) // 90)
    return Traits(
        pace=np.clip(rng.gamma(9.0, 1 / 9.0, customers), 0.55, 2.2),
        phase_days=rng.normal(0, 2.5, customers),
        width=np.clip(rng.normal(1, 0.15, customers), 0.6, 1.5),
        favourite_weekday=rng.integers(0, 7, customers),
        burst_draws=rng.random((customers, quarters)),
        moods=np.exp(rng.normal(-0.02, 0.2, (customers, len(calendar.months)))),
    )


Intensity = Callable[[Traits, ShopCalendar, np.ndarray], np.ndarray]


def _bump(days: np.ndarray, centre: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Gaussian density over days, shape (customers, days)."""
    distance = (days[None, :] - centre[:, None]) / width[:, None]
    return np.exp(-0.5 * distance**2) / (width[:, None] * np.sqrt(2 * np.pi))


def _age(calendar: ShopCalendar, starts: np.ndarray) -> np.ndarray:
    """Days since the period began, at least 0, shape (customers, days)."""
    return np.maximum(calendar.day_numbers[None, :] - starts[:, None], 0)


def loyal_subscribers(traits, calendar, starts):
    """Order at an even pace, about every eleven days, all through."""
    return np.full((len(starts), len(calendar)), 0.088)


def sale_hunters(traits, calendar, starts):
    """Order on promotion days and hardly ever else."""
    on_sale = calendar.promotion_numbers >= 0
    return np.tile(np.where(on_sale, 0.37, 0.002), (len(starts), 1))


def new_customer_ramp(traits, calendar, starts):
    """Begin with one order and order ever more often for five months."""
    age = np.minimum(_age(calendar, starts), 150)
    return 0.008 + 0.21 * (age / 140) ** (2.2 * traits.width[:, None])


def churn_risk(traits, calendar, starts):
    """Order often at first and fall silent within about six weeks."""
    age = _age(calendar, starts) / (33 * traits.width[:, None])
    return 0.20 * np.exp(-(age**1.8)) + 0.002


def seasonal_shoppers(traits, calendar, starts):
    """Order in the summer holidays, around the New Year, every year."""
    rate = np.full((len(starts), len(calendar)), 0.004)
    for year in calendar.years:
        centre = calendar.day_number(f"{year}-01-01") + traits.phase_days
        rate += 7.3 * _bump(calendar.day_numbers, centre, 9.5 * traits.width)
    return rate


def impulse_buyers(traits, calendar, starts):
    """Order in short bursts at random times, one in each ninety days."""
    rate = np.full((len(starts), len(calendar)), 0.004)
    quarters = traits.burst_draws.shape[1]
    for back in range(quarters):
        first_day = len(calendar) - 90 * (back + 1)
        centre = first_day + 5 + 80 * traits.burst_draws[:, back]
        rate += 7.5 * _bump(calendar.day_numbers, centre, 1.8 * traits.width)
    return rate


def gift_shoppers(traits, calendar, starts):
    """Order before Christmas, and a little before Mother's and Father's Day."""
    rate = np.full((len(starts), len(calendar)), 0.004)
    for year in calendar.years:
        centre = calendar.day_number(f"{year}-12-14") + 0.7 * traits.phase_days
        gifts = 7.2 * _bump(calendar.day_numbers, centre, 5.5 * traits.width)
        gifts[:, calendar.day_numbers > calendar.day_number(f"{year}-12-23")] = 0
        rate += gifts
        for day, orders in (("05-08", 1.2), ("08-30", 0.8)):
            centre = calendar.day_number(f"{year}-{day}") + traits.phase_days
            rate += orders * _bump(calendar.day_numbers, centre, 4 * traits.width)
    return rate


def b2b_customers(traits, calendar, starts):
    """Order on weekdays, mostly when the month's books close."""
    rate = np.where(calendar.business_closing, 0.35, 0.022)
    rate = np.where((calendar.weekdays < 5) & ~calendar.business_shutdown, rate, 0)
    return np.tile(rate, (len(starts), 1))


def steady_customers(traits, calendar, starts):
    """Order about once in ten weeks, evenly, all through."""
    return np.full((len(starts), len(calendar)), 0.0135)


def occasional_customers(traits, calendar, starts):
    """Order about once in four months."""
    return np.full((len(starts), len(calendar)), 0.0072)


def first_time_customers(traits, calendar, starts):
    """Order once, seldom twice."""
    return np.where(_age(calendar, starts) < 3, 0.10, 0.003)


def lapsed_customers(traits, calendar, starts):
    """Order no more."""
    return np.zeros((len(starts), len(calendar)))


class Kind(NamedTuple):
    """One behaviour kind.

    Attributes:
        name: the kind's name in the truth table.
        lifecycle_kind: the lifecycle kind its monthly path belongs to.
        final_share: share of customers who end the history as this kind.
        intensity: expected orders a day, (customers, days).
        regularity: 1 for chance arrivals; larger is more evenly spaced.
        is_clusterable: whether members have 3 or more orders in 90 days.
        begins_with_order: whether the first order falls at the very start.
        favourite_weekday_weight: how much a favourite weekday draws orders.
        promotion_uplift: demand on promotion days relative to other days.
    """

    name: str
    lifecycle_kind: str
    final_share: float
    intensity: Intensity
    regularity: float
    is_clusterable: bool
    begins_with_order: bool
    favourite_weekday_weight: float
    promotion_uplift: float


CHAMPIONS, SLEEPERS = "Loyal Champions", "At-Risk Sleepers"
STEADY, POTENTIALS = "Steady Supporters", "New Potentials"
OCCASIONAL = "Occasional Buyers"

KINDS = (
    Kind("Loyal Subscribers", CHAMPIONS, 0.0375, loyal_subscribers,
         20, True, True, 1.0, 1.0),
    Kind("Sale Hunters", STEADY, 0.0375, sale_hunters,
         3, True, False, 0.5, 1.0),
    Kind("New Customer Ramp", POTENTIALS, 0.0375, new_customer_ramp,
         5, True, True, 1.0, 1.2),
    Kind("Churn Risk", SLEEPERS, 0.05, churn_risk,
         5, True, True, 1.0, 1.2),
    Kind("Seasonal Shoppers", OCCASIONAL, 0.0375, seasonal_shoppers,
         4, True, True, 1.0, 1.2),
    Kind("Impulse Buyers", OCCASIONAL, 0.0325, impulse_buyers,
         3, True, True, 0.5, 1.2),
    Kind("Gift Shoppers", OCCASIONAL, 0.0375, gift_shoppers,
         4, True, True, 0.5, 1.2),
    Kind("B2B Customers", CHAMPIONS, 0.035, b2b_customers,
         5, True, True, 0.5, 1.0),
    Kind("Steady Customers", STEADY, 0.1, steady_customers,
         20, False, True, 0.5, 1.0),
    Kind("Occasional Customers", OCCASIONAL, 0.2325, occasional_customers,
         2, False, True, 1.0, 1.4),
    Kind("First-Time Customers", POTENTIALS, 0.12, first_time_customers,
         2, False, True, 1.0, 1.2),
    Kind("Lapsed Customers", SLEEPERS, 0.2375, lapsed_customers,
         1, False, True, 1.0, 1.0),
)  # fmt: skip

KIND_NUMBERS = {kind.name: number for number, kind in enumerate(KINDS)}


def orders_a_day(
    kind: int, traits: Traits, calendar: ShopCalendar, starts: np.ndarray
) -> np.ndarray:
    """Expected orders a day of customers while they are of one kind.

    Args:
        kind: index in KINDS.
        traits: of the customers, one row each.
        calendar: the days.
        starts: day number on which each customer became of this kind.

    Returns:
        (customers, days), 0 or more.
    """
    settings = KINDS[kind]
    rate = settings.intensity(traits, calendar, starts) * traits.pace[:, None]
    rate *= traits.moods[:, calendar.month_numbers]
    rate *= calendar.season_factors
    rate *= np.where(calendar.promotion_numbers >= 0, settings.promotion_uplift, 1)
    weight = settings.favourite_weekday_weight
    favourite = calendar.weekdays[None, :] == traits.favourite_weekday[:, None]
    return rate * (1 + weight * favourite) / (1 + weight / 7)
