"""Who is of which kind, and when: the truth about the sample shop's customers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_shop.kinds import KIND_NUMBERS, KINDS
from sample_shop.shop_calendar import ShopCalendar

PERIODS = 3  # a customer passes through at most three kinds
RAMP_MONTHS = 3  # a new customer ramps up, and a leaving one fades, in 3 months


@dataclass(frozen=True)
class Population:
    """Kinds of customers over time.

    Attributes:
        kinds: (customers, 3) index in KINDS, -1 for an unused period; the last
            column is the kind at the end of the history.
        start_months: (customers, 3) month number in which each period begins.
        start_days: (customers, 3) day number in which each period begins.
        end_days: (customers, 3) day number after each period's last day.
    """

    kinds: np.ndarray
    start_months: np.ndarray
    start_days: np.ndarray
    end_days: np.ndarray

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.kinds)


def _final_kinds(rng: np.random.Generator, customers: int) -> np.ndarray:
    """Deal the kinds at the end of the history in fixed shares, shuffled."""
    bounds = np.cumsum([kind.final_share for kind in KINDS]) * customers
    dealt = np.searchsorted(bounds, np.arange(customers) + 0.5)
    return rng.permutation(np.minimum(dealt, len(KINDS) - 1))


def _histories(last: int) -> dict[str, list[tuple]]:
    """How customers of each final kind came to be of it.

    Each history is (share, join months, steps); a step is (kind, months it lasts),
    oldest first, or None for "until the switch month", which is uniform. `last` is
    the number of the last month; no switch falls after month last - 2.
    """
    any_time = (0, last - 6)
    return {
        "Loyal Subscribers": [
            (0.5, any_time, []),
            (0.5, (0, last - 5), [("New Customer Ramp", RAMP_MONTHS)]),
        ],
        "Sale Hunters": [
            (0.7, any_time, []),
            (0.3, any_time, [("Occasional Customers", None)]),
        ],
        "New Customer Ramp": [(1.0, (last - 3, last - 3), [])],
        "Churn Risk": [(1.0, any_time, [("Loyal Subscribers", last - 2)])],
        "Seasonal Shoppers": [(1.0, (0, last - 4), [])],
        "Impulse Buyers": [(1.0, (0, last - 4), [])],
        "Gift Shoppers": [(1.0, (0, last - 4), [])],
        "B2B Customers": [
            (0.75, any_time, []),
            (0.25, any_time, [("Occasional Customers", None)]),
        ],
        "Occasional Customers": [
            (0.9, (0, last - 3), []),
            (0.1, any_time, [("Sale Hunters", None)]),
        ],
        "First-Time Customers": [(1.0, (last - 2, last), [])],
        "Lapsed Customers": [
            (0.45, any_time, [("Occasional Customers", None)]),
            (0.10, any_time, [("Impulse Buyers", None)]),
            (0.30, any_time, [("First-Time Customers", RAMP_MONTHS)]),
            (0.15, (0, last - 8),
             [("Loyal Subscribers", None), ("Churn Risk", RAMP_MONTHS)]),
        ],
    }  # fmt: skip


def _fill_history(rng, rows, history, last, kinds, start_months) -> None:
    """Write the earlier periods of some customers, in place."""
    _, (first_join, last_join), steps = history
    first_join, last_join = max(first_join, 0), max(last_join, 0)
    # The square root makes late joiners more frequent: the shop grows.
    spread = (last_join - first_join + 1) * np.sqrt(rng.random(len(rows)))
    joins = first_join + np.minimum(spread.astype(int), last_join - first_join)
    if not steps:
        start_months[rows, PERIODS - 1] = joins
        return
    tail = sum(months for _, months in steps[1:])
    slots = range(PERIODS - 1 - len(steps), PERIODS - 1)
    name, months = steps[0]
    kinds[rows, slots[0]] = KIND_NUMBERS[name]
    start_months[rows, slots[0]] = joins
    latest = last - 2 - tail
    if months is None:
        switches = rng.integers(joins + 3, np.maximum(latest, joins + 3) + 1)
    elif months == last - 2:
        switches = np.full(len(rows), last - 2)
    else:
        switches = joins + months
    switches = np.minimum(switches, latest)
    for (name, _), slot in zip(steps[1:], slots[1:], strict=True):
        kinds[rows, slot] = KIND_NUMBERS[name]
        start_months[rows, slot] = switches
    start_months[rows, PERIODS - 1] = switches + tail


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
    for name, histories in _histories(last).items():
        rows = np.flatnonzero(final == KIND_NUMBERS[name])
        bounds = np.cumsum([share for share, _, _ in histories]) * len(rows)
        which = np.minimum(
            np.searchsorted(bounds, np.arange(len(rows)) + 0.5), len(histories) - 1
        )
        for number, history in enumerate(histories):
            chosen = rows[which == number]
            _fill_history(rng, chosen, history, last, kinds, start_months)
    return _with_days(rng, kinds, start_months, calendar)


def _with_days(rng, kinds, start_months, calendar) -> Population:
    """Turn months into days; a customer joins on a random day of the month."""
    start_days = calendar.month_starts[start_months]
    join_slots = np.argmax(kinds >= 0, axis=1)
    rows = np.arange(len(kinds))
    # 4 to 26: a joiner of the month before the last quarter has 3 months behind
    # them, and a joiner of the last month still has a few days.
    start_days[rows, join_slots] += rng.integers(3, 27, len(kinds))
    end_days = np.empty_like(start_days)
    end_days[:, :-1] = start_days[:, 1:]
    end_days[:, -1] = len(calendar)
    return Population(kinds, start_months, start_days, end_days)


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
