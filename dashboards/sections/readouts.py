"""What tests have found: bands over weeks, decisions at looks, what it was worth."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import lifts
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    fitting,
    part,
    table,
)
from trajectories.dashboards.marts import experiments
from trajectories.dashboards.marts.shop import Shop

CONTROLS = ("experiment",)
WITHHELD, OPEN = "withheld", "cannot be told"
DECISIONS = {
    "better": "better than control",
    "worse": "worse than control",
    OPEN: "cannot be told from control",
}
LISTED_HEADERS = ["Test", "For whom", "Stands", "What is said"]
RETURN_HEADERS = [
    "Arm",
    "Gain",
    "Gain, low",
    "Gain, high",
    "Contacts cost",
    "Discounts cost",
    "Return on cost",
    "Chance that it paid",
    "Lift that pays",
    "Weeks until paid",
]
CHECKS = {
    "sample ratio": "Have arms the sizes that were drawn?",
    "balance": "Were arms alike before the test?",
    "contact rate": "Was who should be contacted?",
    "contamination": "Was control left alone?",
    "A/A": "Does the test find nothing where nothing was done?",
}
PASSED = {True: "yes", False: "no"}


def tests(shop: Shop) -> Section | None:
    """List all tests, with what is said of each."""
    plans = shop.once(experiments.plans)
    if plans.empty:
        return None
    listed = Fragment("tests", {(): _list(shop, plans)})
    return Section("What tests have found", [listed], is_wide=True)


def one_test(shop: Shop) -> Section | None:
    """Draw what was found by each test that has begun, those with a picture first."""
    plans = shop.once(experiments.plans)
    begun = plans[plans["status"].isin(["finished", "running"])]
    if begun.empty:
        return None
    states = {(row.experiment,): _state(shop, row) for row in begun.itertuples()}
    states = dict(sorted(states.items(), key=lambda item: not item[1].figures))
    names = [name for (name,) in states]
    options = [(name, name) for name in names]
    control = Control("experiment", "Test", "select", options, names[0])
    returns = {(name,): _returns(shop, name) for name in names}
    checks = {(name,): _checks(shop, name) for name in names}
    return Section(
        "One test, week by week",
        [
            Chart("readouts", states, CONTROLS, columns=2),
            Fragment("returns", returns, CONTROLS),
        ],
        is_wide=True,
        proof=[Fragment("checks", checks, CONTROLS)],
        choices=Choices([control], [(name,) for name in names]),
        own=CONTROLS,
    )


# -- All tests -------------------------------------------------------------------


def _list(shop: Shop, plans: pd.DataFrame) -> Markup:
    body = [
        [
            plan.experiment,
            experiments.whom(shop, plan.segment_id),
            experiments.STATES.get(plan.status, plan.status),
            said(shop, plan),
        ]
        for plan in plans.itertuples()
    ]
    caption = "All tests of the plan, and what is said of each"
    return table(caption, LISTED_HEADERS, body, len(LISTED_HEADERS), is_stacked=True)


def said(shop: Shop, plan: object) -> str:
    """Say in a sentence or two what there is to say of a test."""
    if plan.status == "refused":
        if experiments.has_small_arm(shop, plan.experiment):
            return f"Refused. {formats.hidden(shop.smallest_cell)}"
        return str(plan.refusal)
    if plan.status == "planned":
        return f"Starts on {formats.day(plan.start_date)}."
    rows = shop.once(experiments.deciding).get(plan.experiment)
    if rows is None:
        return _without_rows(shop, plan)
    last = experiments.at_last_look(rows)
    if last.empty:
        return "Too early to say: the first planned look is still to come."
    if last["decision"].eq(WITHHELD).any():
        return str(last["reason"].iloc[0])
    return " ".join(_said_of_arm(row, plan.status) for row in last.itertuples())


def _without_rows(shop: Shop, plan: object) -> str:
    """Say why nothing is told of a test that has begun."""
    read = shop.read("marts.rpt_experiment_readouts")
    if plan.experiment in set(read["experiment"]):
        return formats.hidden(shop.smallest_cell)
    return "Nothing is measured yet: no whole week has ended."


def _said_of_arm(row: object, status: str) -> str:
    decided = DECISIONS.get(row.decision, row.decision)
    if row.decision == OPEN and status == "running":
        decided = f"{decided} so far"
    arm = formats.words(row.arm)
    if formats.is_missing(row.relative_lift):
        return f"{arm}: {decided}."
    return f"{arm}: {decided}, {_lift(row)}."


def _lift(row: object) -> str:
    """Write a relative lift with its interval, which may be open."""
    lift = 100 * row.relative_lift
    ends = [
        "no bound" if formats.is_missing(end) else f"{formats.signed(100 * end, 1)} %"
        for end in (row.relative_lift_lower, row.relative_lift_upper)
    ]
    return f"{formats.signed(lift, 1)} % ({ends[0]} to {ends[1]})"


# -- One test --------------------------------------------------------------------


def _state(shop: Shop, plan: object) -> State:
    """Draw each arm of a test beside control, week by week."""
    name = plan.experiment
    rows = shop.once(experiments.deciding).get(name)
    if rows is None:
        return State(f"{name}. {_without_rows(shop, plan)}")
    if rows["decision"].eq(WITHHELD).any() or rows["difference"].isna().all():
        last = rows.sort_values("week")["reason"].iloc[-1]
        return State(f"{name}: no number is given. {last}")
    known = rows.dropna(subset=["difference"])
    metric = plan.primary_metric
    unit, scale = experiments.unit(metric), experiments.scale(metric)
    arms = list(known.groupby("arm"))
    control = known["control_arm"].iloc[0]
    many = len(arms) > 1
    treated = "each arm" if many else str(arms[0][0])
    return State(
        _title(rows, plan),
        [lifts.figure(own, scale, f"Difference ({unit})") for _, own in arms],
        [formats.words(arm) for arm, _ in arms] if many else [],
        lifts.key(known),
        subtitle=(
            f"{experiments.metric(metric)} ({unit}), {treated} less {control}, of all"
            f" who were drawn, from {formats.day(plan.start_date)} to the end of each"
            " week"
        ),
        note=_note(rows, plan),
    )


def _title(rows: pd.DataFrame, plan: object) -> str:
    last, name = experiments.at_last_look(rows), plan.experiment
    measure = experiments.metric(plan.primary_metric)
    if last.empty:
        return fitting(
            f"{name}: too early to say, the first planned look is still to come",
            "Too early to say: the first planned look is still to come",
        )
    told = last[last["decision"].isin(["better", "worse"])]
    if told.empty:
        beyond = "no difference beyond chance"
        if plan.status == "running":
            beyond = f"{beyond} so far"
        return fitting(f"{name}: {beyond}", beyond.capitalize())
    best = max(
        told.itertuples(),
        key=lambda row: (row.decision == "better", abs(row.difference)),
    )
    way = "higher" if best.decision == "better" else "lower"
    arm = formats.words(best.arm)
    by = ""
    if not formats.is_missing(best.relative_lift):
        by = f"{formats.share(abs(best.relative_lift))} "
    return fitting(
        f"{arm}: {measure[:1].lower()}{measure[1:]} {by}{way} than with"
        f" {best.control_arm}",
        f"{measure}: {by}{way} than with control",
        f"{measure}: {way} than with control",
    )


def _note(rows: pd.DataFrame, plan: object) -> str:
    """Say when it is decided, and on what it was."""
    looks, weeks = int(plan.planned_looks), int(plan.planned_weeks)
    planned = f"after {formats.counted(weeks, 'week')}"
    if looks > 1:
        planned = f"{looks} times, the last time {planned}"
    last = experiments.at_last_look(rows)
    reasons = " ".join(
        f"{formats.words(row.arm)}: {row.reason}" for row in last.itertuples()
    )
    text = (
        f"The plan looks {planned}; between looks there is no winner, whatever the band"
        " of a week seems to say."
    )
    return f"{text} {reasons}".strip()


# -- Return and checks -----------------------------------------------------------


def _returns(shop: Shop, name: str) -> Markup:
    """Tell what each arm brought and cost; nothing of a test that is not told of."""
    rows = shop.read("marts.rpt_experiment_returns")
    rows = rows[rows["experiment"] == name]
    decided = shop.once(experiments.deciding).get(name)
    if rows.empty or decided is None or decided["decision"].eq(WITHHELD).any():
        return Markup("")
    reasons = " ".join(dict.fromkeys(rows["reason"]))
    told = rows.dropna(subset=["gain"])
    if told.empty:
        return part("paragraph", text=f"What it was worth: {reasons}")
    body = [
        [
            formats.words(row.arm),
            *(
                formats.whole_amount(amount)
                for amount in (
                    *(row.gain, row.gain_lower, row.gain_upper),
                    *(row.cost, row.discount_cost),
                )
            ),
            formats.share(row.return_on_investment, 0),
            formats.share(row.probability_positive, 0),
            formats.share(row.break_even_lift),
            formats.count(row.payback_weeks),
        ]
        for row in told.itertuples()
    ]
    caption = f"What it was worth ({formats.unit()}), by the latest planned look"
    content = table(caption, RETURN_HEADERS, body, is_stacked=True)
    further = [_return_said(row) for row in told.itertuples()]
    return part("explained", content=content, text=" ".join([reasons, *further]))


def _return_said(row: object) -> str:
    """Tell the interval of the return, the price of the answer, and discounts."""
    arm, parts = formats.words(row.arm), []
    if not formats.is_missing(row.return_lower):
        parts.append(
            f"the return lies between {formats.share(row.return_lower, 0)} and"
            f" {formats.share(row.return_upper, 0)} of the cost (95 % interval)"
        )
    if not formats.is_missing(row.test_cost):
        worth = "is what the plan expected anyway"
        if row.test_worth > 0:
            worth = (
                f"is worth {formats.amount(row.test_worth)} the next time it is decided"
                " for all of them"
            )
        parts.append(
            f"the test itself cost {formats.amount(row.test_cost)}, for some went"
            f" without the better of the two, and its answer {worth}"
        )
    if not formats.is_missing(row.discount_share_spent) and row.revenue_share < 1:
        parts.append(
            f"{formats.share(row.discount_share_spent, 0)} of the shop's discounts of"
            f" twelve months went to the segment, which brought"
            f" {formats.share(row.revenue_share, 0)} of its revenue"
        )
    return f"{arm}: {'; '.join(parts)}." if parts else ""


def _checks(shop: Shop, name: str) -> Markup:
    """List the checks of a test; nothing of one with a small arm."""
    rows = shop.read("marts.rpt_experiment_checks")
    rows = rows[rows["experiment"] == name]
    if rows.empty or experiments.has_small_arm(shop, name):
        return Markup("")
    places = {check: place for place, check in enumerate(CHECKS)}
    rows = rows.sort_values("check_name", key=lambda names: names.map(places))
    body = [
        [
            CHECKS.get(row.check_name, formats.words(row.check_name)),
            "not known"
            if formats.is_missing(row.is_passed)
            else PASSED[bool(row.is_passed)],
            row.meaning,
        ]
        for row in rows.itertuples()
    ]
    content = table(
        "Can the test be believed?", ["Question", "Answer", "Found"], body, 3, True
    )
    text = (
        "Where one of the first two is answered with no, no number is given. Everybody"
        " who was drawn counts, whether she was reached or not, and left the segment or"
        " not: the marts fct_experiment_weeks and rpt_experiment_readouts have all"
        " metrics and weeks."
    )
    return part("explained", content=content, text=text)
