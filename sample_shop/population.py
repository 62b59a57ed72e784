"""Who is of which kind, and when: the truth about the sample shop's customers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from trajectories.sample_shop.kinds import KIND_NUMBERS, KINDS
from trajectories.sample_shop.shop_calendar import ShopCalendar

PERIODS = 3  # a customer passes through at most three kinds
RAMP_MONTHS = 3  # months of ramping up, or of fading, before another kind follows


@dataclass(frozen=True)
class Population:
    """Kinds of customers over time.

    Attributes:
        kinds: (customers, 3) index in KINDS, -1 for an unused period; the last
            column is the kind at the end of the history.
        start_months: (customers, 3) month number in which each period begins.
        start_days: (customers, 3) day number in which each period begins.
        end_days: (customers, 3) day number after each period's last day.
        is_already: (customers,) who was a customer before the history begins.
    """

    kinds: np.ndarray
    start_months: np.ndarray
    start_days: np.ndarray
    end_days: np.ndarray
    is_already: np.ndarray

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.kinds)


def _final_kinds(rng: np.random.Generator, customers: int) -> np.ndarray:
    """Deal the kinds at the end of the history in fixed shares, shuffled."""
    bounds = np.cumsum([kind.final_share for kind in KINDS]) * customers
    dealt = np.searchsorted(bounds, np.arange(customers) + 0.5)
    return rng.permutation(np.minimum(dealt, len(KINDS) - 1))


class History(NamedTuple):
    """How some customers of a final kind came to be of it.

    Attributes:
        share: of the customers of the final kind.
        joins: first and last month number in which they may have joined.
        earlier: their kinds before the final one, oldest first (two at most).
        switches: first and last month number of the first switch; None switches
            RAMP_MONTHS after joining. A second switch follows RAMP_MONTHS later.
        already_share: of them, how many were customers when the history begins.
    """

    share: float
    joins: tuple[int, int]
    earlier: tuple[str, ...] = ()
    switches: tuple[int, int] | None = None
    already_share: float = 0.0


def _histories(last: int) -> dict[str, tuple[History, ...]]:
    """Histories by final kind; `last` is the number of the last month.

    No switch falls after month last - 2, so that the last three months of every
    customer are of one kind, but for those who join in them.
    """
    settled, late = (0, last - 6), (max(last - 12, 3), last - 2)
    year_ago = (max(last - 11, 3), max(last - 7, 3))
    first_season = (0, max(last - 14, 0))
    return {
        "Loyal Subscribers": (
            History(0.4, (last // 4, last - 6), already_share=0.1),
            History(0.6, (0, last - 5), ("New Customer Ramp",)),
        ),
        "Sale Hunters": (
            History(0.6, settled, already_share=0.1),
            History(0.4, settled, ("Occasional Customers",), late, 0.3),
        ),
        "New Customer Ramp": (History(1.0, (last - 4, last - 3)),),
        "Churn Risk": (
            History(0.5, (last // 4, last - 6), ("Loyal Subscribers",),
                    (last - 3, last - 2), 0.1),
            History(0.5, (last - 6, last - 5), ("New Customer Ramp",)),
        ),
        "Seasonal Shoppers": (History(1.0, (last // 3, last - 4), already_share=0.1),),
        "Impulse Buyers": (History(1.0, (last // 3, last - 4), already_share=0.1),),
        "Gift Shoppers": (History(1.0, (last // 3, last - 4), already_share=0.1),),
        "B2B Customers": (
            History(0.6, settled, already_share=0.15),
            History(0.4, settled, ("Steady Customers",), late, 0.2),
        ),
        "Steady Customers": (
            History(0.8, settled, already_share=0.2),
            History(0.2, settled, ("Sale Hunters",), late, 0.2),
        ),
        "Occasional Customers": (
            History(0.75, (0, last - 3), already_share=0.3),
            History(0.25, settled, ("New Customer Ramp",)),
        ),
        "First-Time Customers": (History(1.0, (last - 2, last)),),
        "Lapsed Customers": (
            History(0.2, first_season, ("Loyal Subscribers", "Churn Risk"),
                    (3, max(last - 5, 3)), 0.6),
            History(0.2, first_season, ("Steady Customers",), late, 0.6),
            History(0.06, first_season, ("Gift Shoppers",), year_ago, 0.2),
            History(0.06, first_season, ("Seasonal Shoppers",), year_ago, 0.2),
            History(0.12, (0, last - 9), ("Impulse Buyers",), late, 0.1),
            History(0.03, first_season, ("Sale Hunters",), late, 0.5),
            History(0.13, settled, ("Occasional Customers",), late, 0.3),
            History(0.32, settled, ("First-Time Customers",), already_share=0.1),
        ),
    }  # fmt: skip


def _fill_history(rng, rows, history, last, kinds, start_months) -> np.ndarray:
    """Write the earlier periods of some customers, in place; True where already."""
    low, high = (max(month, 0) for month in history.joins)
    joins = rng.integers(low, high + 1, len(rows))
    already = rng.random(len(rows)) < history.already_share
    joins[already] = 0
    final = PERIODS - 1
    first = final - len(history.earlier)
    start_months[rows, first] = joins
    for number, name in enumerate(history.earlier):
        slot = first + number
        kinds[rows, slot] = KIND_NUMBERS[name]
        if number or history.switches is None:
            months = start_months[rows, slot] + RAMP_MONTHS
        else:
            earliest, latest = history.switches
            months = np.maximum(
                rng.integers(earliest, latest + 1, len(rows)), joins + RAMP_MONTHS
            )
        spare = RAMP_MONTHS * (len(history.earlier) - 1 - number)
        start_months[rows, slot + 1] = np.minimum(months, last - 2 - spare)
    return already


def draw_population(
    rng: np.random.Generator, customers: int, calendar: ShopCalendar
) -> Population:
    """Draw the kinds of customers over time.

    Args:
        rng: the source of chance.
        customers: how many.
        calendar: the history to fill.

    Returns:
        Population; every customer has a kind from their first month to the last.
    """
    last = len(calendar.months) - 1
    final = _final_kinds(rng, customers)
    kinds = np.full((customers, PERIODS), -1)
    kinds[:, -1] = final
    start_months = np.zeros((customers, PERIODS), dtype=int)
    is_already = np.zeros(customers, dtype=bool)
    for name, histories in _histories(last).items():
        rows = np.flatnonzero(final == KIND_NUMBERS[name])
        bounds = np.cumsum([history.share for history in histories]) * len(rows)
        which = np.minimum(
            np.searchsorted(bounds, np.arange(len(rows)) + 0.5), len(histories) - 1
        )
        for number, history in enumerate(histories):
            chosen = rows[which == number]
            is_already[chosen] = _fill_history(
                rng, chosen, history, last, kinds, start_months
            )
    return _with_days(rng, kinds, start_months, is_already, calendar)


def _with_days(rng, kinds, start_months, is_already, calendar) -> Population:
    """Turn months into days; a customer joins on a random day of the month."""
    start_days = calendar.month_starts[start_months]
    join_slots = np.argmax(kinds >= 0, axis=1)
    rows = np.arange(len(kinds))
    # From the 4th to the 27th: who joined in the month before the last quarter has
    # three months behind them, who joined in the last month still has a few days.
    delays = np.where(is_already, 0, rng.integers(3, 27, len(kinds)))
    start_days[rows, join_slots] += delays
    end_days = np.empty_like(start_days)
    end_days[:, :-1] = start_days[:, 1:]
    end_days[:, -1] = len(calendar)
    return Population(kinds, start_months, start_days, end_days, is_already)


def truth_frame(
    population: Population, customer_ids: np.ndarray, calendar: ShopCalendar
) -> pd.DataFrame:
    """The truth table: one row per customer and period of one kind.

    Args:
        population: kinds over time.
        customer_ids: (customers,) strings.
        calendar: gives the months.

    Returns:
        customer_id, kind, lifecycle_kind, from_month, to_month (ISO dates of the
        first day of the first and the last month of the period).
    """
    rows, slots = np.nonzero(population.kinds >= 0)
    kinds = population.kinds[rows, slots]
    firsts = population.start_months[rows, slots]
    last_month = len(calendar.months) - 1
    nexts = np.where(
        slots == PERIODS - 1,
        last_month + 1,
        population.start_months[rows, np.minimum(slots + 1, PERIODS - 1)],
    )
    months = np.datetime_as_string(calendar.months.astype("datetime64[D]"))
    return pd.DataFrame(
        {
            "customer_id": customer_ids[rows],
            "kind": np.array([kind.name for kind in KINDS])[kinds],
            "lifecycle_kind": np.array([kind.lifecycle_kind for kind in KINDS])[kinds],
            "from_month": months[firsts],
            "to_month": months[nexts - 1],
        }
    )
