"""Tests and campaigns of the sample shop: who was in them, and what was planted.

The finished ones were assigned before the data end, so that their assignments are
given; one runs, and one is still to come. One has a real effect, one has none, and
of one the customers that could not be reached are missing in one arm.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from trajectories.sample_shop.orders import Orders
from trajectories.sample_shop.shop_calendar import ShopCalendar

YEAR = 364  # days before the start, of whose orders one is called active
LARGER_BASKETS = 0.3  # by so much early access multiplies the amount of an order
UNREACHABLE_SHARE = 0.15  # of customers, left out of one arm of the broken test
NEWSLETTER_CUSTOMERS = 500
PLAN_COLUMNS = (
    *("experiment", "segmentation", "segment_id", "hypothesis", "primary_metric"),
    *("start_date", "planned_weeks", "looks", "expected_lift_share"),
    *("cost_per_contact", "discount_share", "test"),
)


class Plan(NamedTuple):
    """A test: its row of the plan, its arms (the control first), and who is in it.

    `starts_back` counts months from the last one of the history; 0 is that one, and
    -1 the first month that is still to come. Who ordered so often in the year before
    takes part (`least_orders`).
    """

    experiment: str
    hypothesis: str
    primary_metric: str
    arms: tuple[str, ...]
    starts_back: int
    planned_weeks: int
    least_orders: int = 1
    segmentation: str = "lifecycle"
    segment_id: str | None = None
    looks: int = 1
    expected_lift_share: float = 0.1
    cost_per_contact: float = 0.05
    discount_share: float = 0.0


EARLY_ACCESS = "Early access"
REWARDS = "Tiered reward and flash sale"
RECOMMENDATIONS = "Recommendations"
NEWSLETTER = "Spring newsletter"
PLANS = (
    Plan(
        EARLY_ACCESS,
        "Who orders often puts more into a basket when new models are shown to her "
        "a week before all others.",
        "average_order_amount",
        ("standard", "early access"),
        starts_back=7,
        planned_weeks=13,
        least_orders=4,
        expected_lift_share=0.2,
    ),
    Plan(
        REWARDS,
        "A reward that grows with what is spent, or a sale of two days, raises what "
        "a customer spends in 90 days.",
        "revenue",
        ("standard", "flash sale", "tiered reward"),
        starts_back=6,
        planned_weeks=13,
        looks=2,
        discount_share=0.1,
    ),
    Plan(
        RECOMMENDATIONS,
        "More customers order within 30 days when a letter shows what goes with "
        "their last order instead of bestsellers.",
        "conversion",
        ("bestsellers", "recommendations"),
        starts_back=3,
        planned_weeks=4,
    ),
    Plan(
        "Free shipping",
        "Free shipping above a smallest basket raises the orders of a customer.",
        "orders",
        ("standard", "free shipping"),
        starts_back=0,
        planned_weeks=8,
        least_orders=2,
        looks=2,
        cost_per_contact=0.05,
    ),
    Plan(
        "Free service",
        "More of the loyal order again when their next service is free.",
        "retention",
        ("standard", "free service"),
        starts_back=-1,
        planned_weeks=8,
        segment_id="lifecycle-1",
    ),
)


@dataclass
class Experiments:
    """Tables of the sample's experiments, all strings, and the truth about them.

    Attributes:
        plan: a row per experiment.
        arms: experiment, arm, share, is_control.
        assignments: experiment, customer_id, arm, assigned_date.
        contacts: customer_id, experiment, contacted_at, arm, opened, clicked.
        truth: experiment, arm, planted_lift_share, left_out_share; what was planted
            into amounts of orders, and whom an arm lacks.
    """

    plan: pd.DataFrame
    arms: pd.DataFrame
    assignments: pd.DataFrame
    contacts: pd.DataFrame
    truth: pd.DataFrame


@dataclass
class _Draft:
    """Rows as they are gathered, before they are tables."""

    assignments: list[pd.DataFrame] = field(default_factory=list)
    contacts: list[pd.DataFrame] = field(default_factory=list)
    truth: list[tuple] = field(default_factory=list)


def draw_experiments(
    rng: np.random.Generator,
    orders: Orders,
    customer_ids: np.ndarray,
    calendar: ShopCalendar,
) -> Experiments:
    """Draw who was in which arm, and who was written to.

    Args:
        rng: the source of chance, of nothing else.
        orders: what was sold and given back; tests change nothing of it.
        customer_ids: (customers,) strings.
        calendar: the days; of a short history only the later tests take part.

    Returns:
        Experiments.
    """
    draft, plans = _Draft(), []
    for plan in PLANS:
        start = _start_day(plan, calendar)
        if start < YEAR // 2:
            continue
        plans.append(plan)
        if start >= len(calendar):
            continue
        chosen = _active(orders, len(customer_ids), start, plan.least_orders)
        arms = _dealt(rng, len(chosen), len(plan.arms))
        if plan.experiment == EARLY_ACCESS:
            end = start + 7 * plan.planned_weeks
            arms = _dealt_by_effect(rng, orders, chosen, (start, end))
        if plan.experiment == RECOMMENDATIONS:
            is_missing = (arms == 1) & (rng.random(len(arms)) < UNREACHABLE_SHARE)
            chosen, arms = chosen[~is_missing], arms[~is_missing]
        draft.truth += _planted(plan)
        ids, names = customer_ids[chosen], np.array(plan.arms, dtype=object)[arms]
        before = str(calendar.dates[start] - 1)
        draft.assignments.append(
            pd.DataFrame(
                {
                    "experiment": plan.experiment,
                    "customer_id": ids,
                    "arm": names,
                    "assigned_date": before,
                }
            )
        )
        is_told = arms > 0 if plan.experiment != RECOMMENDATIONS else arms >= 0
        day = calendar.dates[start]
        draft.contacts.append(
            _contacts(rng, plan.experiment, ids[is_told], names[is_told], day)
        )
    start = len(calendar) - 150
    if start > 0:
        best = _active(orders, len(customer_ids), start, 2)[:NEWSLETTER_CUSTOMERS]
        day = calendar.dates[start]
        draft.contacts.append(_contacts(rng, NEWSLETTER, customer_ids[best], None, day))
    return _tables(draft, plans, calendar)


def _start_day(plan: Plan, calendar: ShopCalendar) -> int:
    """Return the day number of the first day that counts, maybe beyond the last."""
    month = calendar.dates[-1].astype("datetime64[M]") - plan.starts_back
    return int((month.astype("datetime64[D]") - calendar.dates[0]).astype(int))


def _active(orders: Orders, customers: int, start: int, least: int) -> np.ndarray:
    """Return who ordered so often in the year before a day, who spent most first."""
    within = (orders.days < start) & (orders.days >= start - YEAR)
    rows = np.flatnonzero(within & ~orders.is_return)
    who = orders.customers[rows]
    amounts = orders.list_prices[rows] * orders.quantities[rows]
    spent = np.bincount(who, amounts, minlength=customers)
    counts = np.bincount(who, minlength=customers)
    by_spend = np.argsort(-spent, kind="stable")
    return by_spend[counts[by_spend] >= least]


def _dealt(rng: np.random.Generator, customers: int, arms: int) -> np.ndarray:
    """Deal arms to customers in order: each arm once to every so many neighbours."""
    blocks = np.tile(np.arange(arms), (-(-customers // arms), 1))
    return rng.permuted(blocks, axis=1).ravel()[:customers]


def _dealt_by_effect(
    rng: np.random.Generator, orders: Orders, chosen: np.ndarray, days: tuple[int, int]
) -> np.ndarray:
    """Deal two arms to neighbours so that the treated have larger baskets.

    Orders stay what they are: which of two neighbours was treated is drawn by how much
    likelier it makes what both ordered afterwards, which is what is known of the arms
    of a test whose treatment multiplies every basket (Bayes). Who did not order tells
    nothing. Of an odd number the last one is not treated.
    """
    size = 1 + max(chosen.max(initial=0), int(orders.customers.max()))
    who, past = _baskets(orders, (days[0] - YEAR, days[0]))
    usual = np.bincount(who, past, size) / np.maximum(
        np.bincount(who, minlength=size), 1
    )
    who, baskets = _baskets(orders, days)
    is_in = np.isin(who, chosen)
    who, baskets = who[is_in], baskets[is_in]
    slope, level = np.polyfit(usual[who], baskets, 1)
    surplus = baskets - level - slope * usual[who]
    evidence = np.bincount(who, surplus, size)[chosen] / surplus.var()
    pairs = np.log1p(LARGER_BASKETS) * evidence[: len(chosen) // 2 * 2].reshape(-1, 2)
    is_first = rng.random(len(pairs)) < 1 / (1 + np.exp(pairs[:, 1] - pairs[:, 0]))
    arms = np.zeros(len(chosen), dtype=int)
    arms[: pairs.size] = np.column_stack([is_first, ~is_first]).ravel()
    return arms


def _baskets(orders: Orders, days: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return of the orders of some days the customers and the logarithms of amounts."""
    within = (orders.days >= days[0]) & (orders.days < days[1]) & ~orders.is_return
    bought = orders.take(np.flatnonzero(within))
    amounts = bought.list_prices * bought.quantities - bought.discounts
    return bought.customers, np.log(np.maximum(amounts, 1.0))


def _planted(plan: Plan) -> list[tuple[str, str, float, float]]:
    """Tell of each treated arm what it does to amounts, and whom it lacks."""
    lift = LARGER_BASKETS if plan.experiment == EARLY_ACCESS else 0.0
    missing = UNREACHABLE_SHARE if plan.experiment == RECOMMENDATIONS else 0.0
    return [(plan.experiment, arm, lift, missing) for arm in plan.arms[1:]]


def _contacts(rng, campaign: str, ids: np.ndarray, arms, day) -> pd.DataFrame:
    """Write to customers on a day; not quite half open it, and some of them click."""
    opened = rng.random(len(ids)) < 0.45
    clicked = opened & (rng.random(len(ids)) < 0.25)
    flags = np.array(["FALSE", "TRUE"], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": ids,
            "experiment": campaign,
            "contacted_at": f"{day} 09:00:00",
            "arm": arms,
            "opened": flags[opened.astype(int)],
            "clicked": flags[clicked.astype(int)],
        },
        dtype=object,
    )


def _tables(draft: _Draft, plans: list[Plan], calendar: ShopCalendar) -> Experiments:
    """Turn what was gathered into tables of strings."""
    rows = []
    for plan in plans:
        start = calendar.dates[0] + _start_day(plan, calendar)
        row = {name: getattr(plan, name, None) for name in PLAN_COLUMNS}
        row["start_date"] = start
        rows.append(
            {name: str(it) if it is not None else it for name, it in row.items()}
        )
    arms = [
        (plan.experiment, arm, f"{1 / len(plan.arms):.6f}", str(place == 0).upper())
        for plan in plans
        for place, arm in enumerate(plan.arms)
    ]
    assigned = ["experiment", "customer_id", "arm", "assigned_date"]
    written = ["customer_id", "experiment", "contacted_at", "arm", "opened", "clicked"]
    return Experiments(
        plan=pd.DataFrame(rows, columns=PLAN_COLUMNS, dtype=object),
        arms=pd.DataFrame(
            arms, columns=["experiment", "arm", "share", "is_control"], dtype=object
        ),
        assignments=_gathered(draft.assignments, assigned),
        contacts=_gathered(draft.contacts, written),
        truth=pd.DataFrame(
            draft.truth,
            columns=["experiment", "arm", "planted_lift_share", "left_out_share"],
        ),
    )


def _gathered(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Put frames one after the other; without any, a frame of no rows."""
    empty = pd.DataFrame(columns=columns, dtype=object)
    return pd.concat(frames, ignore_index=True) if frames else empty
