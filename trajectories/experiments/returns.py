"""What a test was worth in money: return, how sure it is, and what the test cost.

By simulation of the lift alone: costs are counted, not estimated. A discount is spent
on those, too, who would have bought anyway, and all of control's purchases say how
many they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from trajectories.experiments.permutations import drawing

DRAWS = 20_000
#: Standard errors to either end of a 95 % interval.
REACH = 1.96
MARGIN, REVENUE = "margin", "revenue"
RETURN_SCHEMA = pa.schema(
    {
        "experiment": pa.string(),
        "arm": pa.string(),
        "margin_is_known": pa.bool_(),
        **dict.fromkeys(
            (
                *("gain", "gain_lower", "gain_upper", "cost", "discount_cost"),
                *("return_on_investment", "return_lower", "return_upper"),
                *("probability_positive", "break_even_lift"),
            ),
            pa.float64(),
        ),
        "payback_weeks": pa.int64(),
        "test_cost": pa.float64(),
        "test_worth": pa.float64(),
        "reason": pa.string(),
    }
)


def simulate_return(
    lift: float, error: float, customers: int, cost: float, seed: int | Sequence[int]
) -> dict[str, float]:
    """Simulate what a lift brings, less what it cost.

    Args:
        lift: of a customer, in money of which the shop keeps all (margin).
        error: standard error of it.
        customers: who were treated.
        cost: of contacts and discounts, of all of them.
        seed: of the draws.

    Returns:
        gain and its 95 % interval; return_on_investment ((gain - cost) / cost) and its
        interval, NaN where nothing was spent; probability_positive.

    Examples:
        >>> found = simulate_return(2.0, 0.5, 100, 100.0, seed=0)
        >>> found["gain"], found["return_on_investment"]
        (200.0, 1.0)
        >>> 0.95 < found["probability_positive"] < 1
        True
    """
    generator = np.random.default_rng(seed)
    gains = customers * generator.normal(lift, error, DRAWS)
    low, high = np.quantile(gains, [0.025, 0.975])
    is_paid = cost > 0
    ratio = [(one - cost) / cost if is_paid else np.nan for one in (low, high)]
    return {
        "gain": lift * customers,
        "gain_lower": float(low),
        "gain_upper": float(high),
        "return_on_investment": (lift * customers - cost) / cost if is_paid else np.nan,
        "return_lower": float(ratio[0]),
        "return_upper": float(ratio[1]),
        "probability_positive": float((gains > cost).mean()),
    }


def measure_returns(
    readouts: pa.Table, plans: pa.Table, counts: pa.Table, seed: int
) -> pa.Table:
    """Tell what each arm of each experiment brought, by its latest planned look.

    Args:
        readouts: as `read_experiments` gives them.
        plans: one row per experiment, with cost_per_contact and discount_share (null:
            0), expected_lift_share (null: the plan expects it to pay).
        counts: as `check_experiments` takes them.
        seed: of the draws.

    Returns:
        RETURN_SCHEMA: on margin where it is known, else on revenue, which is said.
        Without a number there is a reason. test_cost is what was given up against
        doing the better of both to everybody from the start; test_worth is what one
        more round for all customers brings more when it is decided by the test and not
        by the plan's own expectation.

    Examples:
        >>> row = {"experiment": "e", "week": 4, "estimator": "post-stratified",
        ...        "arm": "b", "metric": "margin", "is_planned_look": True,
        ...        "customers": 100, "control_customers": 100, "control_mean": 10.0,
        ...        "difference": 2.0, "difference_lower": 1.0, "difference_upper": 3.0,
        ...        "reason": ""}
        >>> revenue = row | {"metric": "revenue", "control_mean": 30.0}
        >>> plan = {"experiment": "e", "cost_per_contact": 0.5, "discount_share": 0.0,
        ...         "expected_lift_share": 0.1}
        >>> count = {"experiment": "e", "arm": "b", "customers": 100,
        ...          "contacted_customers": 80}
        >>> found = measure_returns(*map(pa.Table.from_pylist,
        ...                              ([row, revenue], [plan], [count])), seed=0)
        >>> found["cost"].to_pylist(), found["return_on_investment"].to_pylist()
        ([40.0], [4.0])
    """
    known = {row["experiment"]: row for row in plans.to_pylist()}
    reached: dict[tuple, list] = defaultdict(list)
    for row in counts.to_pylist():
        reached[row["experiment"], row["arm"]].append(row["contacted_customers"])
    told = defaultdict(list)
    for row in readouts.to_pylist():
        if row["estimator"] != "per-protocol" and row["metric"] in (MARGIN, REVENUE):
            told[row["experiment"], row["arm"]].append(row)
    rows = [
        {"experiment": key[0], "arm": key[1]}
        | _returned(own, known[key[0]], reached[key], seed)
        for key, own in sorted(told.items())
        if key[0] in known
    ]
    rows = [{name: row.get(name) for name in RETURN_SCHEMA.names} for row in rows]
    return pa.Table.from_pylist(rows, RETURN_SCHEMA)


def _returned(
    rows: Sequence[Mapping], plan: Mapping, contacts: Sequence[int | None], seed: int
) -> dict:
    """Tell one arm's return, or why there is none."""
    has_margin = any(row["metric"] == MARGIN for row in rows)
    metric = MARGIN if has_margin else REVENUE
    common = {"margin_is_known": has_margin}
    looks = [row for row in rows if row["is_planned_look"]]
    if not looks:
        return common | {"reason": "Nothing is told before the first planned look."}
    last = max(row["week"] for row in looks)
    own = _best(
        [row for row in looks if row["week"] == last and row["metric"] == metric]
    )
    revenue = _best([r for r in looks if r["week"] == last and r["metric"] == REVENUE])
    if own is None or revenue is None:
        given = next((row["reason"] for row in looks if row["reason"]), "")
        return common | {"reason": given or "Revenue was not read out."}
    treated, controls = own["customers"], own["control_customers"]
    contacted = treated
    if any(count is not None for count in contacts):
        contacted = sum(count or 0 for count in contacts)
    cost = contacted * float(plan["cost_per_contact"] or 0.0)
    # Of those who would have bought anyway, as control's purchases tell.
    bought = max(revenue["control_mean"], 0.0)
    discount = float(plan["discount_share"] or 0.0) * bought * treated
    error = (own["difference_upper"] - own["difference_lower"]) / 2 / REACH
    key = f"{own['experiment']}|{own['arm']}"
    numbers = drawing(seed, key).integers(2**32, size=2).tolist()
    spent = cost + discount
    found = simulate_return(own["difference"], error, treated, spent, numbers)
    net = own["difference"] - spent / treated
    common |= {name: _number(value) for name, value in found.items()}
    common |= {
        "cost": cost,
        "discount_cost": discount,
        "break_even_lift": (
            spent / treated / own["control_mean"] if own["control_mean"] > 0 else None
        ),
        "payback_weeks": _payback(rows, metric, spent),
        "test_cost": max(net, 0.0) * controls + max(-net, 0.0) * treated,
        "test_worth": _worth(own, plan, net, spent / treated),
        "reason": _reason(found, metric, spent),
    }
    return common


def _best(rows: Sequence[Mapping]) -> Mapping | None:
    """Take the estimator with the narrower interval of those that told something."""
    told = [row for row in rows if row["difference_lower"] is not None]
    if not told:
        return None
    return min(told, key=lambda r: r["difference_upper"] - r["difference_lower"])


def _payback(rows: Sequence[Mapping], metric: str, spent: float) -> int | None:
    """Find the first week by which the gain was as high as what was spent."""
    paid = [
        row["week"]
        for row in rows
        if row["metric"] == metric
        and row["difference"] is not None
        and row["difference"] * row["customers"] >= spent
    ]
    return min(paid) if paid and spent > 0 else None


def _worth(own: Mapping, plan: Mapping, net: float, cost: float) -> float:
    """Value one round for all, decided by the test, above one decided by the plan."""
    expected = plan["expected_lift_share"]
    level = max(own["control_mean"], 0.0)
    planned = True if expected is None else float(expected) * level > cost
    everybody = own["customers"] + own["control_customers"]
    return (max(net, 0.0) - (net if planned else 0.0)) * everybody


def _reason(found: Mapping, metric: str, spent: float) -> str:
    on = (
        "On margin."
        if metric == MARGIN
        else "On revenue, for the cost of goods is not known: the return is too high."
    )
    if spent <= 0:
        return f"{on} Nothing was spent, so that there is no return on it."
    return (
        f"{on} It paid with a chance of {found['probability_positive']:.0%}; discounts"
        " of those who would have bought anyway are in the cost."
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
