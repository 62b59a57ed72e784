"""The design of a test on one card, to be printed and agreed on before it starts."""

from markupsafe import Markup
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Choices,
    Control,
    Fragment,
    Section,
    part,
    table,
)
from trajectories.dashboards.marts import experiments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import proposals

CONTROLS = ("plan",)
INTRODUCTION = (
    "One card for everybody who has to agree, before anybody is written to. It is"
    " printed with the page, as it is chosen here."
)
DECIDED = (
    "Only at a planned look: an arm is better or worse where chance alone would make"
    " such a difference in at most one of twenty tests, all looks, arms and segments"
    " counted. Else it cannot be told. Between looks there is no winner."
)
FROZEN = (
    "A plan is frozen when its customers have been drawn: a change later is a new test."
)
PROPOSED = (
    "A proposal, of which nothing is planned. To plan it, write it as a row into"
    " seeds/reference/experiments.csv, its arms into experiment_arms.csv, and build."
)


def design_cards(shop: Shop) -> Section | None:
    """Show a card for each test that is ahead, runs or is proposed."""
    plans = shop.once(experiments.plans)
    plans = plans[plans["status"].isin(["planned", "running"])]
    plans = plans.sort_values(["status", "start_date", "experiment"])
    planned = {row.experiment: _of_plan(shop, row) for row in plans.itertuples()}
    labels = {
        row.experiment: f"{row.experiment} ({row.status})" for row in plans.itertuples()
    }
    for identity, row in shop.once(proposals.by_segment).items():
        if formats.is_missing(row.planned_experiment) and identity not in planned:
            planned[identity] = _of_proposal(shop, row)
            name = shop.segments.name(identity)
            labels[identity] = f"{name} ({formats.words(row.segmentation)}; proposed)"
    if not planned:
        return None
    control = Control(
        "plan", "Test", "select", list(labels.items()), next(iter(labels))
    )
    states = {(name,): _card(labels[name], *card) for name, card in planned.items()}
    return Section(
        "The card of a test",
        [Fragment("design", states, CONTROLS)],
        INTRODUCTION,
        is_wide=True,
        choices=Choices([control], [(name,) for name in planned]),
        own=CONTROLS,
    )


def _card(name: str, facts: list[tuple[str, str | None]], note: str) -> Markup:
    body = [[label, text] for label, text in facts if not formats.is_missing(text)]
    content = table(name, ["What", "As planned"], body, 2)
    return part("explained", content=content, text=note)


def _of_plan(shop: Shop, plan: object) -> tuple[list[tuple[str, str | None]], str]:
    """Tell what a plan says, and what would be seen by it."""
    is_small = experiments.has_small_arm(shop, plan.experiment)
    weeks = formats.counted(int(plan.planned_weeks), "week")
    looks = int(plan.planned_looks)
    looked = f"Once, after {weeks}"
    if looks > 1:
        looked = f"{looks} times, evenly spread, the last time after {weeks}"
    customers = plan.customers
    if is_small or experiments.is_hidden(shop, customers):
        customers = formats.HIDDEN
    elif not formats.is_missing(customers):
        customers = f"{formats.count(customers)} customers"
    facts = [
        ("Claim", plan.hypothesis),
        ("For whom", experiments.whom(shop, plan.segment_id)),
        ("How many", customers),
        ("Arms", _arms(shop, plan, is_small)),
        ("Judged by", experiments.metric(plan.primary_metric)),
        ("Runs", f"{formats.day(plan.start_date)} to {formats.day(plan.end_date)}"),
        ("Looked at", looked),
        ("Lift that is expected", _share(plan.expected_lift_share)),
        ("Smallest lift that would be seen", _smallest(shop, plan)),
        ("Costs", _costs(shop, plan, is_small)),
        ("Decided", DECIDED),
    ]
    return facts, FROZEN


def _arms(shop: Shop, plan: object, is_small: bool) -> str:
    """Name the arms with their sizes, as they were drawn, or count them."""
    rows = shop.once(experiments.arms).get(plan.experiment)
    share = formats.share(plan.control_share, 0)
    if rows is None:
        return f"{plan.arms}, of which the control has {share}; nobody is drawn yet"
    if is_small:
        return formats.listing(rows["arm"])
    total = rows["customers"].sum()
    return "; ".join(
        f"{row.arm}{' (control)' if row.is_control else ''}:"
        f" {formats.count(row.customers)}, {formats.share(row.customers / total, 0)}"
        for row in rows.itertuples()
    )


def _share(value: float | None) -> str | None:
    return None if formats.is_missing(value) else formats.share(value, 0)


def _smallest(shop: Shop, plan: object) -> str:
    design = experiments.nearest_design(
        shop,
        plan.segment_id,
        plan.primary_metric,
        int(plan.planned_weeks),
        plan.control_share,
    )
    if design is None:
        return proposals.UNKNOWN
    seen = _seen(design)
    if not formats.is_missing(plan.customers) and plan.customers < design.customers:
        seen += "; with fewer customers it is larger"
    return seen


def _seen(design: object) -> str:
    return (
        f"{formats.share(design.mde_share, 0)}, in four of five tests; measured for"
        f" {formats.count(design.customers)} customers and one treatment over"
        f" {formats.counted(int(design.weeks), 'week')}, with"
        f" {formats.share(design.control_share, 0)} as control"
    )


def _costs(shop: Shop, plan: object, is_small: bool) -> str | None:
    """Tell what contacts and discounts will cost."""
    parts = []
    rows = shop.once(experiments.arms).get(plan.experiment)
    each = plan.cost_per_contact
    if not formats.is_missing(each):
        told = f"{formats.amount(each)} a contact"
        if rows is not None and not is_small:
            treated = rows.loc[~rows["is_control"], "customers"].sum()
            told = (
                f"{formats.amount(each * treated)}: {told}, {formats.count(treated)}"
                " customers"
            )
        parts.append(told)
    if not formats.is_missing(plan.discount_share) and plan.discount_share > 0:
        discount = formats.share(plan.discount_share, 0)
        parts.append(f"and {discount} of what the treated buy, as discount")
    return ", ".join(parts) or None


def _of_proposal(shop: Shop, row: object) -> tuple[list[tuple[str, str | None]], str]:
    """Tell what a playbook proposes, and what would be seen by halves."""
    design = experiments.nearest_design(shop, row.segment_id, row.primary_metric)
    seen, weeks = proposals.UNKNOWN, None
    if design is not None:
        seen = _seen(design)
        weeks = f"{formats.counted(int(design.weeks), 'week')} tell most"
        if row.arms > 2:
            seen += "; a further arm makes it larger"
    facts = [
        ("Claim", row.hypothesis),
        ("For whom", experiments.whom(shop, row.segment_id)),
        ("Arms", f"{proposals.compared(row)}; in equal parts"),
        ("Judged by", experiments.metric(row.primary_metric)),
        ("Runs", weeks),
        ("Looked at", "Once, at the end, unless the plan says otherwise"),
        ("Smallest lift that would be seen", seen),
        ("Decided", DECIDED),
    ]
    return facts, PROPOSED
