"""Which segments can be tested: what is measured, tried and advised, and the traps."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trajectories.experiments import map_testability
from trajectories.experiments.designs import LEAST_CONTROL_SHARE, mean_presence
from trajectories.experiments.falsealarms import control_sizes, false_alarms
from trajectories.experiments.pasts import METRICS, fifths_of, measure_past
from trajectories.experiments.testability import TESTABILITY_SCHEMA

SEGMENT = {"segmentation": "value"}


def sparse_spend(generator: np.random.Generator, size: int, share=0.01) -> np.ndarray:
    return generator.gamma(0.8, 120, size) * (generator.random(size) < share)


def members(
    generator: np.random.Generator,
    name: str,
    size: int,
    weeks: int = 4,
    share: float = 0.5,
    spread: float = 1.0,
    customers: int | None = None,
) -> list[dict]:
    """A segment of whom a share orders, each an amount about 50 that lasts."""
    worth = np.exp(generator.normal(0, spread, size))
    orders = (generator.random(size) < share) * (1 + generator.poisson(0.3, size))
    prior = generator.poisson(6 * share, size)
    amounts = 50 * worth * np.exp(generator.normal(0, 0.2, size))
    return [
        SEGMENT
        | {
            "segment_id": name,
            "weeks": weeks,
            "customer_id": f"{name}{row:06}",
            "segment_customers": customers or size,
            "revenue_amount": float(amounts[row] * orders[row]),
            "prior_revenue_amount": float(50 * worth[row] * prior[row]),
            "margin_amount": None,
            "prior_margin_amount": None,
            "orders": int(orders[row]),
            "prior_orders": int(prior[row]),
            "sessions": None,
            "prior_sessions": None,
            "last_orders": int(orders[row] > 0),
        }
        for row in range(size)
    ]


def mapped(
    rows: list[dict], lift: float = 0.1, stays: dict | None = None
) -> list[dict]:
    names = sorted({row["segment_id"] for row in rows})
    segments = [
        SEGMENT
        | {"segment_id": name, "segment_name": name.upper()}
        | {"stay_probability": (stays or {}).get(name)}
        for name in names
    ]
    schema = pa.schema(
        [(name, pa.float64()) for name in ("margin_amount", "prior_margin_amount")]
        + [(name, pa.int64()) for name in ("sessions", "prior_sessions")]
    )
    table = pa.Table.from_pylist(rows)
    for field in schema:
        place = table.column_names.index(field.name)
        table = table.set_column(place, field, table[field.name].cast(field.type))
    found = map_testability(
        table, pa.Table.from_pylist(segments), [0.1, 0.3, 0.5], lift, seed=1
    )
    assert found.schema == TESTABILITY_SCHEMA
    return found.to_pylist()


def test_what_the_shop_does_not_know_has_no_row() -> None:
    found = mapped(members(np.random.default_rng(0), "a", 300))
    # Of four weeks who still orders at the end is who orders at all.
    lacking = {"margin", "sessions", "retention"}
    assert {row["metric"] for row in found} == set(METRICS) - lacking
    assert len(found) == 4 * 3
    longer = mapped(members(np.random.default_rng(0), "a", 300, weeks=13))
    assert {row["metric"] for row in longer} == set(METRICS) - lacking | {"retention"}


def test_trap_small_controls_with_welch_invent_lift_and_are_not_offered_by_it() -> None:
    """500, 200 controls among 5,000 whose spend is that of an e-mail test."""
    spend = sparse_spend(np.random.default_rng(1), 5000)[:, None]
    strata = np.zeros(5000, dtype=int)
    rates = false_alarms(spend, strata, [0.04, 0.1, 0.5], 4000, seed=2)[:, 0] / 4000
    assert rates[0] > 0.2
    assert rates[1] > 0.1
    assert rates[2] < 0.06
    rows = members(np.random.default_rng(2), "a", 5000, share=0.01, spread=1.5)
    tests = {(row["metric"], row["control_share"]): row["test"] for row in mapped(rows)}
    assert set(tests.values()) == {"permutation"}
    dense = mapped(members(np.random.default_rng(3), "a", 600))
    for row in dense:
        is_small = row["control_share"] < LEAST_CONTROL_SHARE
        assert row["test"] == ("permutation" if is_small else "welch")


def test_what_is_offered_holds_on_fresh_trials() -> None:
    """Every Welch design that is offered, dealt 20,000 times with another seed."""
    rows = members(np.random.default_rng(4), "a", 400, spread=1.4)
    offered = [row for row in mapped(rows) if row["is_offered"] and row["aa_dealings"]]
    assert offered
    columns = {
        name: np.array([row[name] for row in rows], float)
        for name in rows[0]
        if name not in ("segmentation", "segment_id", "customer_id", "weeks")
    }
    fifths = fifths_of(columns["prior_revenue_amount"])
    for row in offered:
        past = measure_past(columns, METRICS[row["metric"]], fifths)
        alarms = false_alarms(
            past.residuals[:, None], fifths, [row["control_share"]], 20_000, seed=99
        )
        assert alarms[0, 0] / 20_000 <= 0.0575, row["metric"]


def test_a_design_that_errs_is_not_offered_and_says_so() -> None:
    """Of 100 who order fifteen are in a fifth: too few for a normal law."""
    rows = members(np.random.default_rng(6), "a", 2500, share=0.03)
    refused = [row for row in mapped(rows) if not row["is_offered"]]
    tried = [row for row in refused if row["aa_dealings"]]
    assert tried
    for row in tried:
        assert row["aa_lower"] > 0.05 or row["aa_false_positive_share"] > 0.053
        assert "Not offered: of" in row["why"]
        assert row["verdict"] != "testable"


def test_what_only_a_doubling_would_show_is_neither_tried_nor_offered() -> None:
    rows = members(np.random.default_rng(5), "a", 110, share=0.04, spread=2.5)
    found = [row for row in mapped(rows) if row["mde_share"] > 1]
    assert found
    for row in found:
        assert not row["is_offered"]
        assert row["aa_dealings"] is None
        assert "nothing that is less than doubled is found" in row["why"]


def test_a_lift_that_there_cannot_be_is_not_offered() -> None:
    """Where nearly all order anyway, more than all cannot."""
    rows = members(np.random.default_rng(16), "a", 400, share=0.99)
    found = [row for row in mapped(rows) if row["metric"] == "conversion"]
    assert found
    for row in found:
        assert row["mde_share"] > 1 / row["mean"] - 1
        assert not row["is_offered"]
        assert "Not offered: if all did, that were a lift of" in row["why"]
        assert row["verdict"] != "testable"


def test_a_share_rises_to_all_and_no_further() -> None:
    """Of 97 % who order anyway a tenth more cannot."""
    rows = members(np.random.default_rng(15), "a", 400, share=0.97)
    (row,) = [
        row
        for row in mapped(rows)
        if row["metric"] == "conversion" and row["control_share"] == 0.5
    ]
    (other,) = [
        row
        for row in mapped(rows, lift=0.5)
        if row["metric"] == "conversion" and row["control_share"] == 0.5
    ]
    assert row["power_at_expected"] == other["power_at_expected"]


def test_permutation_and_hopeless_designs_are_not_tried() -> None:
    for row in mapped(members(np.random.default_rng(6), "a", 300)):
        is_tried = row["test"] == "welch" and row["mde_share"] <= 1
        assert (row["aa_dealings"] is not None) == is_tried
        assert (row["aa_false_positive_share"] is not None) == is_tried


def test_trap_power_counts_those_who_leave() -> None:
    """The effect is of those who are there, and power of all who were assigned."""
    rows = members(np.random.default_rng(7), "a", 2000, weeks=26, share=0.9)
    stay, leave = (
        {(row["metric"], row["control_share"]): row for row in mapped(rows, stays=one)}
        for one in ({"a": 1.0}, {"a": 0.8})
    )
    key = ("conversion", 0.5)
    assert stay[key]["presence_share"] == 1.0
    presence = mean_presence(0.8, 26 / (365.25 / 12 / 7))
    assert leave[key]["presence_share"] == pytest.approx(presence)
    assert leave[key]["mde_share"] == pytest.approx(stay[key]["mde_share"] / presence)
    assert leave[key]["power_at_expected"] < stay[key]["power_at_expected"]
    assert "of whom 62% are there" in leave[key]["why"]


def test_a_sample_of_a_segment_stands_for_all_of_it() -> None:
    generator = np.random.default_rng(8)
    rows = members(generator, "a", 500, customers=50_000)
    (found,) = [
        row
        for row in mapped(rows)
        if row["metric"] == "orders" and row["control_share"] == 0.5
    ]
    assert found["customers"] == 50_000
    (alone,) = [
        row
        for row in mapped([row | {"segment_customers": 500} for row in rows])
        if row["metric"] == "orders" and row["control_share"] == 0.5
    ]
    assert found["mde_share"] == pytest.approx(alone["mde_share"] / 10, rel=1e-6)


def test_trap_fifths_of_equal_worth_know_nothing_of_what_came() -> None:
    """Who is new has no past: all are worth 0, and are dealt by their id alone."""
    generator = np.random.default_rng(9)
    rows = [
        row | {"prior_revenue_amount": 0.0, "prior_orders": 0}
        for row in members(generator, "a", 500)
    ]
    ordered = sorted(rows, key=lambda row: row["revenue_amount"])
    one, two = (
        {(r["metric"], r["control_share"]): r["mde_share"] for r in mapped(given)}
        for given in (rows, ordered)
    )
    assert one == two
    past = next(row for row in mapped(rows) if row["metric"] == "revenue")
    assert past["variance_reduction_share"] < 0.05


def test_verdicts_say_what_to_do_instead() -> None:
    generator = np.random.default_rng(10)
    rows = members(generator, "large", 6000, share=0.9, spread=0.3)
    rows += members(generator, "small", 150, share=0.5)
    rows += members(generator, "twin", 700, share=0.9, spread=0.3)
    found = {
        (row["segment_id"], row["metric"], row["control_share"]): row
        for row in mapped(rows)
    }
    assert found["large", "revenue", 0.5]["verdict"] == "testable"
    small = found["small", "revenue", 0.5]
    assert small["verdict"].startswith("pool with LARGE")
    assert "150 customers" in small["why"]
    other = found["twin", "conversion", 0.1]["verdict"], found["twin", "revenue", 0.5]
    assert other[0] in ("choose another design", "testable")
    alone = {
        row["metric"]: row
        for row in mapped(members(generator, "a", 900, share=0.85, spread=2.0))
        if row["control_share"] == 0.5
    }
    assert alone["conversion"]["verdict"] == "testable"
    assert alone["revenue"]["verdict"] == "choose another metric"
    assert "On conversion a lift of 10%" in alone["revenue"]["why"]
    none = {row["verdict"] for row in mapped(members(generator, "a", 120, share=0.1))}
    assert none == {"not testable"}


def test_the_best_weeks_are_those_with_the_highest_power() -> None:
    generator = np.random.default_rng(11)
    rows = []
    for weeks, share in ((4, 0.3), (13, 0.7), (26, 0.75)):
        rows += members(generator, "a", 1500, weeks=weeks, share=share)
    found = mapped(rows, stays={"a": 0.7})
    best = {row["best_weeks"] for row in found if row["metric"] == "conversion"}
    assert best == {13}
    power = {
        row["weeks"]: row["power_at_expected"]
        for row in found
        if row["metric"] == "conversion" and row["control_share"] == 0.5
    }
    assert power[13] > max(power[4], power[26])


def test_few_members_are_no_row() -> None:
    assert mapped(members(np.random.default_rng(12), "a", 99)) == []


def test_controls_of_strata_are_off_by_a_half_at_most() -> None:
    sizes = np.arange(20, 60)
    for share in (0.1, 0.3, 0.5):
        assert np.abs(control_sizes(sizes, share) - sizes * share).max() <= 0.5


def test_trials_depend_on_the_seed_alone() -> None:
    values = np.random.default_rng(13).gamma(1, 1, (300, 2))
    strata = np.arange(300) % 5
    one, two = (
        false_alarms(values, strata, [0.5, 0.3], 2000, 5, n_jobs) for n_jobs in (1, 4)
    )
    assert (one == two).all()
    rising = false_alarms(values, strata, [0.3, 0.5], 2000, 5)
    assert (rising[::-1] == one).all()


def test_nobody_gives_an_empty_table() -> None:
    nobody = pa.table(
        {name: pa.array([], pa.float64()) for name in ("orders", "weeks")}
        | {name: pa.array([], pa.string()) for name in ("segmentation", "segment_id")}
        | {"customer_id": pa.array([], pa.string())}
    )
    found = map_testability(nobody, pa.table({}), [0.5], 0.1, 0)
    assert found.schema == TESTABILITY_SCHEMA
    assert found.num_rows == 0
