"""Read-outs, checks and returns of a shop's experiments, and the traps of each."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from trajectories.experiments import (
    check_experiments,
    measure_returns,
    read_experiments,
)
from trajectories.experiments.returns import RETURN_SCHEMA, simulate_return
from trajectories.experiments.sums import sum_customers

START = date(2017, 10, 1)
NOTHING = pa.table({"experiment": pa.array([], pa.string())})
PLAN = {
    "experiment": "e",
    "segmentation": "value",
    "segment_id": "value-1",
    "primary_metric": "revenue",
    "start_date": START,
    "planned_weeks": 4,
    "planned_looks": 2,
    "test": None,
    "control_share": 0.5,
    "expected_lift_share": 0.1,
    "cost_per_contact": 0.5,
    "discount_share": 0.0,
}


def spend(generator: np.random.Generator, size: int, lift: float = 0.0) -> np.ndarray:
    return generator.gamma(2, 10, size) * (generator.random(size) < 0.8) * (1 + lift)


def weeks_of(
    values: dict[str, list[np.ndarray]],
    experiment: str = "e",
    metric: str = "revenue",
    **more,
) -> list[dict]:
    """Cumulative sums of each week, from what each arm's customers did in each."""
    rows = []
    arms = sorted(values)
    names = np.concatenate([[arm] * len(values[arm][0]) for arm in arms])
    for week in range(1, len(values[arms[0]]) + 1):
        done = np.concatenate([np.sum(values[arm][:week], axis=0) for arm in arms])
        table = sum_customers(names, np.full(len(names), "all"), done)
        rows += [
            row
            | {"experiment": experiment, "metric": metric, "week": week}
            | {"is_control": row["arm"] == "control", "is_primary": True}
            | {"is_planned_look": week % 2 == 0}
            | more
            for row in table.to_pylist()
        ]
    return rows


def read(rows, plans=(PLAN,), checks=NOTHING, outcomes=NOTHING, protocols=NOTHING):
    table = pa.Table.from_pylist(list(rows))
    found = read_experiments(
        table, pa.Table.from_pylist(list(plans)), checks, outcomes, protocols, seed=0
    )
    return found.to_pylist()


def made(seed: int = 0, lift: float = 0.5, size: int = 400, weeks: int = 4):
    generator = np.random.default_rng(seed)
    return {
        "control": [spend(generator, size) for _ in range(weeks)],
        "mail": [spend(generator, size, lift) for _ in range(weeks)],
    }


def counted(sizes: dict[str, int], contacted: dict | None = None, shares=None) -> list:
    share = 1 / len(sizes)
    return [
        {
            "experiment": "e",
            "arm": arm,
            "stratum": "all",
            "is_control": arm == "control",
            "share": (shares or {}).get(arm, share),
            "customers": size,
            "rank_sum": size / 2,
            "rank_squares": size / 3,
            "contacted_customers": None if contacted is None else contacted[arm],
            "misplaced_customers": (contacted or {}).get("misplaced", 0)
            * (arm == "control"),
        }
        for arm, size in sizes.items()
    ]


def checked(counts: list, plan: dict = PLAN, designs: list | None = None) -> dict:
    table = pa.Table.from_pylist(designs) if designs else pa.table({})
    found = check_experiments(
        pa.Table.from_pylist(counts), pa.Table.from_pylist([plan]), table
    )
    return {row["check_name"]: row for row in found.to_pylist()}


# -- Decisions ------------------------------------------------------------------------


def test_nothing_is_decided_before_a_planned_look() -> None:
    found = read(weeks_of(made()))
    for row in found:
        is_look = row["week"] in (2, 4)
        assert (row["decision"] is not None) == is_look
        assert (row["adjusted_p_value"] is not None) == is_look
        assert row["anytime_lower"] < row["difference_lower"]
        assert row["anytime_upper"] > row["difference_upper"]
    last = found[-1]
    assert last["decision"] == "better"
    assert last["relative_lift_lower"] < 0.5 < last["relative_lift_upper"]
    assert found[0]["reason"] == "No planned look: the next one is after week 2."
    assert "corrected for looks, arms and segments: at most 0.05" in last["reason"]


def test_what_cannot_be_told_says_when_it_is_looked_at_again() -> None:
    found = {row["week"]: row for row in read(weeks_of(made(1, 0.0)))}
    assert found[2]["decision"] == found[4]["decision"] == "cannot be told"
    assert "looked at again after week 4" in found[2]["reason"]
    assert "The test is over" in found[4]["reason"]


def test_a_harm_is_told_as_one() -> None:
    assert read(weeks_of(made(2, -0.4)))[-1]["decision"] == "worse"


def test_a_secondary_metric_is_described_and_never_decided() -> None:
    rows = weeks_of(made()) + weeks_of(made(), metric="orders", is_primary=False)
    for row in read(rows):
        if row["metric"] == "orders":
            assert row["decision"] is None
            assert not row["is_primary"]
            assert row["reason"].startswith("Described, not decided")


def test_arms_are_corrected_for_one_another() -> None:
    generator = np.random.default_rng(3)
    values = made(3, 0.12) | {
        name: [spend(generator, 400) for _ in range(4)] for name in ("letter", "call")
    }
    alone = read(weeks_of({name: values[name] for name in ("control", "mail")}))[-1]
    together = {row["arm"]: row for row in read(weeks_of(values)) if row["week"] == 4}
    assert together["mail"]["p_value"] == pytest.approx(alone["p_value"], rel=0.05)
    assert together["mail"]["adjusted_p_value"] > 2.5 * alone["adjusted_p_value"]


def test_segments_that_are_tested_at_once_are_corrected_for_one_another() -> None:
    rows, plans = [], []
    for number in range(8):
        name = f"e{number}"
        rows += weeks_of(made(10 + number, 0.1 if number == 0 else 0.0), name)
        plans.append(PLAN | {"experiment": name, "segment_id": f"value-{number}"})
    found = {r["experiment"]: r for r in read(rows, plans) if r["week"] == 4}
    first = found["e0"]
    assert first["segments_adjusted_p_value"] > first["adjusted_p_value"]
    apart = [
        plan | {"start_date": date(2017, 1, 1 + n)} for n, plan in enumerate(plans)
    ]
    found = {r["experiment"]: r for r in read(rows, apart) if r["week"] == 4}
    first = found["e0"]
    assert first["segments_adjusted_p_value"] == first["adjusted_p_value"]


def test_trap_a_return_after_the_window_is_read_again() -> None:
    """Sums say all: the next build tells of what was given back since."""
    values = made(4, 0.3)
    before = read(weeks_of(values))[-1]
    bought = np.flatnonzero(values["mail"][0] > 0)
    values["mail"][0][bought] *= -0.2
    after = read(weeks_of(values))[-1]
    assert before["decision"] == "better"
    assert after["difference"] < before["difference"]
    assert after["decision"] != "better"


def test_a_covariate_is_chosen_by_who_knows_no_arms() -> None:
    """The estimator that decides is the same whatever the effect."""
    generator = np.random.default_rng(5)
    past = {arm: generator.gamma(2, 10, 500) for arm in ("control", "mail")}
    chosen = []
    for lift in (0.0, 5.0, -5.0):
        names = np.repeat(["control", "mail"], 500)
        x = np.concatenate([past["control"], past["mail"]])
        noise = np.random.default_rng(6).normal(0, 10, 1000)
        y = x + noise + lift * (names == "mail")
        table = sum_customers(names, np.full(1000, "all"), y, x)
        rows = [
            row
            | {"experiment": "e", "metric": "revenue", "week": 4, "is_primary": True}
            | {"is_control": row["arm"] == "control", "is_planned_look": True}
            for row in table.to_pylist()
        ]
        own = {row["estimator"]: row for row in read(rows)}
        assert own["cuped"]["variance_reduction_share"] > 0.4
        chosen.append([name for name, row in own.items() if row["is_primary"]])
    assert chosen == [["cuped"]] * 3


# -- What withholds -------------------------------------------------------------------


def test_trap_a_broken_sample_ratio_withholds_every_number() -> None:
    sound = checked(counted({"control": 400, "mail": 400}))["sample ratio"]
    broken = checked(counted({"control": 400, "mail": 300}))["sample ratio"]
    assert sound["is_passed"]
    assert not broken["is_passed"]
    assert broken["p_value"] < 0.001
    checks = pa.Table.from_pylist([broken | {"experiment": "e"}])
    for row in read(weeks_of(made()), checks=checks):
        for name, value in row.items():
            if name.endswith(("lower", "upper", "difference", "p_value", "lift")):
                assert value is None, name
        assert row["decision"] == ("withheld" if row["is_planned_look"] else None)
        assert row["reason"].startswith("Withheld: arms do not have the sizes")
    passed = pa.Table.from_pylist([sound | {"experiment": "e"}])
    assert read(weeks_of(made()), checks=passed)[-1]["decision"] == "better"


def test_arms_that_were_not_drawn_by_lot_are_seen() -> None:
    counts = counted({"control": 4000, "mail": 4000})
    assert checked(counts)["balance"]["is_passed"]
    counts[1]["rank_sum"] *= 1.1
    found = checked(counts)["balance"]
    assert not found["is_passed"]
    assert found["withholds"]


def test_contacts_are_told_and_those_of_control_warned_of() -> None:
    sizes = {"control": 500, "mail": 500}
    none = checked(counted(sizes))
    assert none["contact rate"]["is_passed"] is None
    assert none["contamination"]["is_passed"] is None
    own = checked(counted(sizes, {"control": 500, "mail": 450}))
    assert own["contamination"]["is_passed"]
    found = checked(counted(sizes, {"control": 25, "mail": 450, "misplaced": 25}))
    assert found["contact rate"]["value"] == 0.9
    assert found["contamination"]["value"] == 0.05
    assert not found["contamination"]["is_passed"]
    assert not found["contamination"]["withholds"]
    three = counted({"control": 500, "mail": 500, "letter": 500})
    for row, count in zip(three, (0, 480, 300), strict=True):
        row["contacted_customers"] = count
    assert not checked(three)["contact rate"]["is_passed"]


def test_a_design_is_looked_up_among_those_that_were_tried() -> None:
    design = {
        "segment_id": "value-1",
        "metric": "revenue",
        "weeks": 4,
        "control_share": 0.5,
        "aa_false_positive_share": 0.08,
        "aa_lower": 0.065,
        "aa_dealings": 1000,
    }
    other = design | {"weeks": 26, "aa_false_positive_share": 0.05, "aa_lower": 0.038}
    counts = counted({"control": 400, "mail": 400})
    found = checked(counts, PLAN, [design, other])["A/A"]
    assert not found["is_passed"]
    assert found["value"] == 0.08
    exact = checked(counts, PLAN | {"test": "permutation"}, [design])["A/A"]
    assert exact["is_passed"]
    assert (
        checked(counts, PLAN | {"segment_id": None}, [design])["A/A"]["value"] is None
    )


# -- Who is read ----------------------------------------------------------------------


def test_trap_one_customer_in_an_arm_and_zero_orders_are_sentences() -> None:
    values = made(7)
    single = {
        arm: [own[:1] if arm == "mail" else own for own in weeks]
        for arm, weeks in values.items()
    }
    for row in read(weeks_of(single)):
        assert row["difference"] is None
        assert "1 customer" in row["reason"]
        assert row["decision"] in (None, "cannot be told")
    nobody = values | {"mail": [0 * own for own in values["mail"]]}
    for row in read(weeks_of(nobody)):
        assert row["difference"] is None
        assert row["reason"].startswith("Nobody of the 400 customers of arm mail")


def outcomes_of(values: dict, weeks=(2, 4)) -> pa.Table:
    rows = [
        {"experiment": "e", "metric": "revenue", "week": week, "arm": arm}
        | {"customer_id": f"{arm}{place}", "stratum": "all"}
        | {"value": float(value), "covariate": 0.0, "denominator": None}
        for week in weeks
        for arm, own in values.items()
        for place, value in enumerate(np.sum(own[:week], axis=0))
    ]
    table = pa.Table.from_pylist(rows)
    place = table.column_names.index("denominator")
    return table.set_column(
        place, "denominator", table["denominator"].cast(pa.float64())
    )


def test_a_permutation_is_made_at_planned_looks_alone() -> None:
    generator = np.random.default_rng(8)
    values = {
        "control": [spend(generator, 60) for _ in range(4)],
        "mail": [spend(generator, 540, 0.6) for _ in range(4)],
    }
    plan = PLAN | {"control_share": 0.1}
    found = read(weeks_of(values), [plan], outcomes=outcomes_of(values))
    for row in found:
        assert row["test"] == "permutation"
        assert (row["p_value"] is not None) == row["is_planned_look"]
        assert row["anytime_lower"] is None
        if row["p_value"] is None:
            assert row["reason"].startswith(
                "A permutation test is made at planned looks"
            )
    assert found[-1]["decision"] == "better"
    assert found[-1]["difference_lower"] > 0


def test_trap_who_was_contacted_is_described_beside_and_decides_nothing() -> None:
    values = made(9, 0.2)
    contacted = [np.sum(values["mail"], axis=0)[:300]]
    protocols = [
        row
        for row in weeks_of({"control": contacted, "mail": contacted})
        if row["arm"] == "mail"
    ]
    for row in protocols:
        row["week"] = 4
    table = pa.Table.from_pylist(protocols)
    found = read(weeks_of(values), protocols=table)
    own = [row for row in found if row["estimator"] == "per-protocol"]
    assert [row["week"] for row in own] == [4]
    assert own[0]["customers"] == 300
    assert own[0]["decision"] is None
    assert "biased" in own[0]["reason"]
    assert own[0]["mean"] == pytest.approx(contacted[0].mean())


# -- Money ----------------------------------------------------------------------------


def returned(metrics: dict, plan: dict = PLAN, contacted=None) -> dict:
    rows = []
    for metric, values in metrics.items():
        rows += weeks_of(values, metric=metric)
    readouts = pa.Table.from_pylist(read(rows, [plan]))
    counts = counted({"control": 400, "mail": 400}, contacted)
    found = measure_returns(
        readouts, pa.Table.from_pylist([plan]), pa.Table.from_pylist(counts), seed=0
    )
    assert found.schema == RETURN_SCHEMA
    (row,) = found.to_pylist()
    return row


def halved(values: dict) -> dict:
    return {arm: [own / 2 for own in weeks] for arm, weeks in values.items()}


def test_trap_a_return_is_on_margin_and_says_where_it_is_not() -> None:
    values = made(20, 0.3)
    both = returned({"revenue": values, "margin": halved(values)})
    alone = returned({"revenue": values})
    assert both["margin_is_known"]
    assert not alone["margin_is_known"]
    assert alone["gain"] == pytest.approx(2 * both["gain"])
    assert alone["return_on_investment"] > both["return_on_investment"]
    assert alone["reason"].startswith("On revenue, for the cost of goods is not known")


def test_trap_a_discount_is_spent_on_those_who_would_have_bought_anyway() -> None:
    values = made(21, 0.1)
    given = {"revenue": values, "margin": halved(values)}
    plain = returned(given)
    dear = returned(given, PLAN | {"discount_share": 0.1})
    bought = np.sum(values["control"], axis=0).mean() * 400
    assert plain["discount_cost"] == 0
    assert dear["discount_cost"] == pytest.approx(0.1 * bought)
    assert dear["return_on_investment"] < plain["return_on_investment"]
    assert dear["probability_positive"] <= plain["probability_positive"]
    assert dear["break_even_lift"] > plain["break_even_lift"]


def test_costs_are_of_those_who_were_contacted() -> None:
    values = {"revenue": made(22, 0.3)}
    assert returned(values)["cost"] == 200
    assert returned(values, contacted={"control": 0, "mail": 100})["cost"] == 50
    free = returned(values, PLAN | {"cost_per_contact": None})
    assert free["return_on_investment"] is None
    assert "Nothing was spent" in free["reason"]


def test_a_test_is_worth_what_it_changes() -> None:
    """Where the plan would have gone on with what does harm, the test saves it."""
    harm = returned({"revenue": made(23, -0.3)}, PLAN | {"expected_lift_share": 0.2})
    assert harm["test_worth"] > 0
    assert harm["payback_weeks"] is None
    help_ = returned({"revenue": made(24, 0.3)}, PLAN | {"expected_lift_share": 0.2})
    assert help_["test_worth"] == pytest.approx(0)
    assert help_["test_cost"] > 0
    assert 1 <= help_["payback_weeks"] <= 4
    unsure = returned({"revenue": made(24, 0.3)}, PLAN | {"expected_lift_share": 0.0})
    assert unsure["test_worth"] > 0


def test_what_is_withheld_or_early_has_no_return() -> None:
    plan = PLAN | {"planned_weeks": 8, "planned_looks": 1}
    rows = weeks_of(made(25), is_planned_look=False)
    readouts = pa.Table.from_pylist(read(rows, [plan]))
    counts = pa.Table.from_pylist(counted({"control": 400, "mail": 400}))
    (row,) = measure_returns(
        readouts, pa.Table.from_pylist([plan]), counts, seed=0
    ).to_pylist()
    assert row["gain"] is None
    assert row["reason"] == "Nothing is told before the first planned look."


def test_a_simulated_return_has_the_interval_of_its_lift() -> None:
    found = simulate_return(2.0, 0.5, 1000, 1500.0, seed=1)
    assert found["gain_lower"] == pytest.approx(1000 * (2 - 1.96 * 0.5), abs=40)
    assert found["gain_upper"] == pytest.approx(1000 * (2 + 1.96 * 0.5), abs=40)
    assert found["probability_positive"] == pytest.approx(0.841, abs=0.01)


def test_nothing_gives_empty_tables() -> None:
    empty = pa.table({})
    assert read_experiments(*[empty] * 5, seed=0).num_rows == 0
    assert check_experiments(*[empty] * 3).num_rows == 0
    assert measure_returns(*[empty] * 3, seed=0).num_rows == 0
