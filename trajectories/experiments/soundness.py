"""Checks of a shop's experiments, each in a row with a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from trajectories.experiments.checks import (
    WITHHELD_P,
    balance_p_value,
    rate_p_value,
    sample_ratio_p_value,
)
from trajectories.experiments.designs import PERMUTATION
from trajectories.experiments.looks import ALPHA
from trajectories.experiments.sums import arms_of_rows, joined_strata

SAMPLE_RATIO, BALANCE = "sample ratio", "balance"
CONTACT_RATE, CONTAMINATION, FALSE_ALARMS = "contact rate", "contamination", "A/A"
#: Share of controls who were contacted all the same, from which a lift is too small.
MOST_CONTAMINATED = 0.01
CHECK_SCHEMA = pa.schema(
    {
        "experiment": pa.string(),
        "check_name": pa.string(),
        "value": pa.float64(),
        "chance_value": pa.float64(),
        "p_value": pa.float64(),
        "is_passed": pa.bool_(),
        "withholds": pa.bool_(),
        "meaning": pa.string(),
    }
)


def check_experiments(counts: pa.Table, plans: pa.Table, designs: pa.Table) -> pa.Table:
    """Check arms, contacts and design of each experiment.

    Args:
        counts: one row per experiment, arm and stratum: is_control, share (of the arm,
            as planned), customers, rank_sum and rank_squares (of the customers' places
            by worth when they were assigned, 0 to 1), contacted_customers (null where
            no contact of the experiment is known) and misplaced_customers, of these
            those who were contacted as if they were of another arm.
        plans: one row per experiment, with segment_id (null: all), primary_metric,
            planned_weeks, test (null: by the rule) and control_share.
        designs: as `map_testability` gives them.

    Returns:
        CHECK_SCHEMA. Sample ratio and balance withhold a read-out where they fail;
        is_passed is null where nothing can be told.

    Examples:
        >>> row = {"experiment": "e", "stratum": "all", "share": 0.5, "rank_sum": 0.0,
        ...        "rank_squares": 0.0, "contacted_customers": None,
        ...        "misplaced_customers": 0}
        >>> arms = [row | {"arm": "a", "is_control": True, "customers": 900},
        ...         row | {"arm": "b", "is_control": False, "customers": 1100}]
        >>> plan = {"experiment": "e", "segment_id": None, "primary_metric": "orders",
        ...         "planned_weeks": 4, "test": "permutation", "control_share": 0.5}
        >>> found = check_experiments(pa.Table.from_pylist(arms),
        ...                           pa.Table.from_pylist([plan]), pa.table({}))
        >>> first = found.to_pylist()[-1]
        >>> first["check_name"], first["is_passed"], first["withholds"]
        ('sample ratio', False, True)
    """
    known = {row["experiment"]: row for row in plans.to_pylist()}
    tried = designs.to_pylist()
    by_experiment = defaultdict(list)
    for row in counts.to_pylist():
        by_experiment[row["experiment"]].append(row)
    rows = [
        {"experiment": experiment} | check
        for experiment, own in by_experiment.items()
        if experiment in known
        for check in _checks(own, known[experiment], tried)
    ]
    order = [("experiment", "ascending"), ("check_name", "ascending")]
    return pa.Table.from_pylist(rows, CHECK_SCHEMA).sort_by(order)


def _checks(
    rows: Sequence[Mapping], plan: Mapping, tried: Sequence[Mapping]
) -> Iterator[dict]:
    arms = defaultdict(lambda: {"customers": 0, "contacted": 0, "misplaced": 0})
    for row in rows:
        own = arms[row["arm"]]
        own["share"], own["is_control"] = row["share"], row["is_control"]
        own["customers"] += row["customers"]
        own["contacted"] += row["contacted_customers"] or 0
        own["misplaced"] += row["misplaced_customers"] or 0
    has_contacts = any(row["contacted_customers"] is not None for row in rows)
    yield _sample_ratio(arms)
    yield _balance(rows)
    yield _contact_rate(arms, has_contacts)
    yield _contamination(arms, has_contacts)
    yield _false_alarms(plan, tried)


def _sample_ratio(arms: Mapping[str, Mapping]) -> dict:
    sizes = [arm["customers"] for arm in arms.values()]
    shares = np.array([arm["share"] for arm in arms.values()], float)
    p_value = sample_ratio_p_value(sizes, shares / shares.sum())
    off = max(
        abs(size / sum(sizes) - share)
        for size, share in zip(sizes, shares, strict=True)
    )
    said = ", ".join(
        f"{name} {arm['customers']:,} of {arm['share']:.0%}"
        for name, arm in arms.items()
    )
    is_passed = p_value >= WITHHELD_P
    meaning = f"Arms have the sizes of their shares ({said})."
    if not is_passed:
        meaning = (
            f"Withheld: arms do not have the sizes of their shares ({said}; p ="
            f" {p_value:.1g}). Customers were lost in one arm: find out whom, for who"
            " is left differs from who was assigned."
        )
    return _check(SAMPLE_RATIO, off, 0.0, p_value, is_passed, True, meaning)


def _balance(rows: Sequence[Mapping]) -> dict:
    sums = [
        {
            "arm": row["arm"],
            "stratum": row["stratum"],
            "customers": row["customers"],
            "value_sum": 0.0,
            "value_squares": 0.0,
            "positive_customers": 0,
            "covariate_sum": row["rank_sum"],
            "covariate_squares": row["rank_squares"],
        }
        for row in rows
    ]
    arms = joined_strata(arms_of_rows(sums))
    smallest = min(arm.customers.min() for arm in arms.values())
    p_value = balance_p_value(arms) if smallest >= 2 else float("nan")
    if np.isnan(p_value):
        meaning = "Nothing was known of the customers by which arms could differ."
        return _check(BALANCE, None, None, None, None, True, meaning)
    means = [arm.covariate_sum.sum() / arm.customers.sum() for arm in arms.values()]
    is_passed = p_value >= WITHHELD_P
    meaning = "Customers of all arms were worth as much when they were assigned."
    if not is_passed:
        meaning = (
            "Withheld: customers of one arm were worth more when they were assigned (p"
            f" = {p_value:.1g}), so that they were not drawn by lot."
        )
    apart = float(max(means) - min(means))
    return _check(BALANCE, apart, 0.0, p_value, is_passed, True, meaning)


def _contact_rate(arms: Mapping[str, Mapping], has_contacts: bool) -> dict:
    treated = [arm for arm in arms.values() if not arm["is_control"]]
    customers = [arm["customers"] for arm in treated]
    if not has_contacts or not sum(customers):
        meaning = "No contacts are known: whoever was assigned counts as contacted."
        return _check(CONTACT_RATE, None, None, None, None, False, meaning)
    contacted = [arm["contacted"] for arm in treated]
    rate = sum(contacted) / sum(customers)
    p_value = rate_p_value(contacted, customers) if len(treated) > 1 else None
    is_passed = rate > 0 and (p_value is None or p_value >= WITHHELD_P)
    meaning = f"{rate:.0%} of those who were to be contacted were."
    if p_value is not None and not is_passed:
        meaning += (
            f" Arms differ in it (p = {p_value:.1g}): so they do in who is reached."
        )
    return _check(CONTACT_RATE, rate, 1.0, p_value, is_passed, False, meaning)


def _contamination(arms: Mapping[str, Mapping], has_contacts: bool) -> dict:
    control = [arm for arm in arms.values() if arm["is_control"]]
    customers = sum(arm["customers"] for arm in control)
    if not has_contacts or not customers:
        meaning = "No contacts are known, so none of control either."
        return _check(CONTAMINATION, None, None, None, None, False, meaning)
    rate = sum(arm["misplaced"] for arm in control) / customers
    is_passed = rate <= MOST_CONTAMINATED
    meaning = f"{rate:.1%} of control got what others were to get."
    if not is_passed:
        meaning += " The lift is told too small by that."
    return _check(CONTAMINATION, rate, 0.0, None, is_passed, False, meaning)


def _false_alarms(plan: Mapping, tried: Sequence[Mapping]) -> dict:
    """Look the design up among those that were tried on the segment's last weeks."""
    if plan["test"] == PERMUTATION:
        meaning = "A permutation test is exact, and is not tried."
        return _check(FALSE_ALARMS, ALPHA, ALPHA, None, True, False, meaning)
    alike = [
        row
        for row in tried
        if row["segment_id"] == (plan["segment_id"] or "all")
        and row["metric"] == plan["primary_metric"]
        and row["aa_false_positive_share"] is not None
    ]
    if not alike:
        meaning = (
            "Not tried: the segment's last weeks do not tell the metric, or the design"
            " is one of permutation."
        )
        return _check(FALSE_ALARMS, None, ALPHA, None, None, False, meaning)
    nearest = min(
        alike,
        key=lambda row: (
            abs(np.log(row["weeks"] / plan["planned_weeks"])),
            abs(row["control_share"] - float(plan["control_share"] or 0.5)),
        ),
    )
    share = nearest["aa_false_positive_share"]
    meaning = (
        f"Where nothing was done, {share:.1%} of {nearest['aa_dealings']:,} trials over"
        f" {nearest['weeks']} weeks found an effect; 5 % is meant."
    )
    is_passed = nearest["aa_lower"] <= ALPHA
    return _check(FALSE_ALARMS, share, ALPHA, None, is_passed, False, meaning)


def _check(
    name: str,
    value: float | None,
    chance: float | None,
    p_value: float | None,
    is_passed: bool | None,
    withholds: bool,
    meaning: str,
) -> dict:
    return {
        "check_name": name,
        "value": None if value is None else float(value),
        "chance_value": chance,
        "p_value": None if p_value is None else float(p_value),
        "is_passed": None if is_passed is None else bool(is_passed),
        "withholds": withholds,
        "meaning": meaning,
    }
