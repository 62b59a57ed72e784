"""What the benchmark of moves reads, how it judges, and what its oracle can know."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_builds import PROJECT
from scipy.stats import gamma
from trajectories.sample_shop import ShopSettings, generate_shop

from benchmarks import movement
from benchmarks.dbt_builds import BuildError
from benchmarks.movement_oracle import (
    WINDOW_MONTHS,
    Habits,
    alarm_threshold,
    judge,
    log_likelihood,
)
from benchmarks.movement_truth import (
    ANY_CAUSE,
    CLAIMED,
    STEADY_MONTHS,
    chance_found,
    false_share,
    found_in,
    hysteresis,
    steady_windows,
    true_causes,
    with_truth,
)

MONTHS = pd.date_range("2017-01-01", periods=12, freq="MS")


@pytest.fixture(scope="module")
def shop():
    return generate_shop(ShopSettings(customers=600, seed=5))


def placements_of(nearest, customer="a", **columns):
    """One customer's placements, all active unless told."""
    defaults = {
        "segmentation": "rhythm",
        "customer_id": customer,
        "month": MONTHS[: len(nearest)],
        "stage": "active",
        "frozen_version": None,
        "confidence": 0.5,
        "frozen_confidence": np.nan,
        "nearest_segment_id": nearest,
        "frozen_nearest_segment_id": None,
    }
    return pd.DataFrame(defaults | columns)


# -- The rule ----------------------------------------------------------------


def followed(stages, nearest, confidences, months, least):
    """The rule for one customer whose map stays, month by month, as README says it."""
    held = []
    for now, segment in enumerate(nearest):
        recent = nearest[max(now - months + 1, 0) : now + 1]
        is_stage = now == 0 or {"new", "lapsed"} & set(stages[now - 1 : now + 1])
        is_run = len(recent) == months and set(recent) == {segment}
        if is_stage or (is_run and (months == 1 or confidences[now] >= least)):
            held.append(segment)
        else:
            held.append(held[-1])
    return held


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["active", "active", "active", "lapsed", "sparse"]),
                st.sampled_from(["r-1", "r-2", "r-3"]),
                st.floats(0, 1),
            ),
            min_size=1,
            max_size=12,
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 4),
)
def test_the_rule_is_followed_customer_by_customer(customers, months):
    parts, wanted = [], []
    for number, rows in enumerate(customers):
        stages, nearest, confidences = zip(*rows, strict=True)
        nearest = [
            segment if stage == "active" else f"r-{stage}"
            for stage, segment in zip(stages, nearest, strict=True)
        ]
        parts.append(
            placements_of(
                nearest, str(number), stage=list(stages), confidence=list(confidences)
            )
        )
        least = 0.0 if months == 1 else 0.3
        wanted += followed(list(stages), nearest, confidences, months, least)
    found = hysteresis(pd.concat(parts, ignore_index=True), months, least)
    assert found["segment_id"].tolist() == wanted
    assert (found["cause"] == "entered").sum() == len(customers)
    changed = found["segment_id"] != found["segment_id"].shift()
    is_first = found["cause"] == "entered"
    assert (changed[~is_first] == (found["cause"] != "stayed")[~is_first]).all()


def test_confidence_enough_moves_at_once():
    rows = placements_of(["r-1", "r-2", "r-2"], confidence=[0.5, 0.6, 0.6])
    assert hysteresis(rows, 2, 0.05)["segment_id"].tolist() == ["r-1", "r-1", "r-2"]
    assert hysteresis(rows, 2, 0.05, 0.6)["segment_id"].tolist() == [
        "r-1",
        "r-2",
        "r-2",
    ]


def test_a_new_map_moves_at_once_and_is_the_cause():
    rows = placements_of(
        ["r-1", "r-1", "r-2"],
        frozen_version=[None, None, "first"],
        frozen_nearest_segment_id=[None, None, "r-1"],
        frozen_confidence=[np.nan, np.nan, 0.5],
    )
    assert hysteresis(rows, 2, 0.05)["cause"].iloc[-1] == "map redrawn"
    rows["frozen_nearest_segment_id"] = [None, None, "r-3"]
    assert hysteresis(rows, 1, 0.0)["cause"].iloc[-1] == "behaved differently"


def test_segmentations_that_swing_with_every_order_wait_longer():
    assert movement.rule_in_use("value")[0] == 3
    assert movement.rule_in_use("behaviour")[0] == 3
    assert movement.rule_in_use("rhythm") == movement.rule_in_use() == (2, 0.05)


def test_a_build_by_another_rule_is_refused(tmp_path):
    rows = placements_of(["r-1", "r-2", "r-1"])
    rows = rows.assign(**hysteresis(rows, *movement.rule_in_use()))
    movement.check_rule(rows, tmp_path)
    rows.loc[1, "segment_id"] = "r-2"
    with pytest.raises(BuildError, match="1 of 3 memberships"):
        movement.check_rule(rows, tmp_path)


# -- The truth -----------------------------------------------------------------


def truth_of(switch, customer="a"):
    """A customer from January 2017 on who switches in a month."""
    return pd.DataFrame(
        {
            "customer_id": customer,
            "kind": ["Steady Customers", "B2B Customers"],
            "from_month": ["2017-01-01", str(MONTHS[switch].date())],
        }
    )


def test_steady_is_three_months_away_from_a_switch():
    rows = with_truth(placements_of(["r-1"] * 12), truth_of(6))
    assert rows["is_steady"].tolist() == [True] * 3 + [False] * 7 + [True] * 2
    assert np.flatnonzero(rows["is_switch_near"]).tolist() == [6, 7, 8]
    assert rows["is_known"].tolist() == [False] * 4 + [True] * 8
    assert rows["kind"].tolist() == ["Steady Customers"] * 6 + ["B2B Customers"] * 6


def test_a_switch_is_found_in_its_month_and_the_two_after():
    windows = pd.DataFrame({"customer_id": "a", "month": MONTHS})
    rows = placements_of(["r-1"] * 12)
    cause = pd.Series("stayed", rows.index)
    cause[5] = "behaved differently"
    found = found_in(windows, rows, cause, CLAIMED)
    assert np.flatnonzero(found["rhythm"]).tolist() == [3, 4, 5]
    assert (found["any"] == found["rhythm"]).all()
    for other, causes in (("map redrawn", ANY_CAUSE), ("settled", CLAIMED)):
        cause[5] = other
        assert not found_in(windows, rows, cause, causes).any(axis=None)
    assert not found_in(windows, rows[:0], cause[:0], CLAIMED).any(axis=None)


def test_chance_is_that_of_steady_customers_of_the_kind():
    windows = pd.DataFrame(
        {
            "kind_before": ["one", "one", "one", "two", "two", "none"],
            "is_switch": [False, False, True, False, True, True],
        }
    )
    found = pd.Series([True, False, True, False, False, True])
    is_steady = ~windows["is_switch"]
    # one: a half; two: nothing; none has no steady customer: a third.
    assert chance_found(windows, found, is_steady) == pytest.approx((0.5 + 1 / 3) / 3)


def test_odds_of_a_switch_are_those_of_the_kind_before():
    windows = pd.DataFrame(
        {
            "kind_before": ["one", "one", "one", "two", "none"],
            "is_switch": [False, False, True, True, False],
        }
    )
    odds = movement.switch_odds(windows, ~windows["is_switch"])
    np.testing.assert_allclose(np.exp(odds), [0.5, 0.5, 0.5, 1, 0])


def test_windows_are_steady_when_all_their_months_are():
    rows = with_truth(placements_of(["r-1"] * 12), truth_of(11))
    windows = pd.DataFrame({"customer_id": "a", "month": MONTHS, "is_switch": False})
    assert np.flatnonzero(steady_windows(windows, rows)).tolist() == [4, 5]


def test_false_moves_are_counted_in_steady_months_alone():
    rows = with_truth(placements_of(["r-1"] * 12), truth_of(6))
    cause = pd.Series(["entered", *["behaved differently"] * 11])
    assert false_share(rows, cause, ["behaved differently"])["rhythm"] == 1
    cause[[1, 2]] = "stayed"  # of four steady months that are not the first
    assert false_share(rows, cause, ["behaved differently"])["rhythm"] == 0.5


def test_true_causes_are_those_of_orders_then_switches_then_maps():
    rows = with_truth(placements_of(["r-1"] * 12), truth_of(6))
    rows = rows.assign(
        length_days=range(20, 380, 30),
        months_of_history=range(1, 13),
        orders=[1, 2, 3, 3, 2, 3, 3, 3, 3, 0, 0, 1],
        frozen_version=[None] * 10 + ["first"] * 2,
    )
    assert true_causes(rows).tolist() == [
        "entered",
        "nothing",
        "nothing",
        "settled",  # 110 days since the first order
        "settled",  # new two months ago, and now sparse
        "settled",  # three orders again
        "settled",
        "behaved differently",
        "behaved differently",
        "lapsed",
        "map redrawn",  # lapsed before, too
        "returned",
    ]


# -- The oracle ----------------------------------------------------------------


def test_habits_are_drawn_again_as_the_shop_drew_them(shop):
    habits = Habits(shop)
    rates = habits.rates()
    # Orders follow the rates within a day, customer by customer: gaps are regular.
    assert habits.counts.sum() == pytest.approx(rates.sum(), rel=0.1)
    assert habits.counts[rates == 0].sum() <= 0.02 * habits.counts.sum()
    totals = habits.counts.sum(axis=1), rates.sum(axis=1)
    assert np.corrcoef(*totals)[0, 1] > 0.97


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0, 3))
def test_without_regularity_the_likelihood_is_poisson(seed, carried):
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.01, 0.5, (3, 40))
    counts = rng.poisson(rates)
    counts[1] = 0
    found = log_likelihood(rates, counts, np.full(3, carried), np.ones(3))
    wanted = (counts * np.log(rates)).sum(axis=1) - rates.sum(axis=1) - carried
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


def test_the_likelihood_of_regular_gaps():
    rates, counts = np.full((1, 30), 0.1), np.zeros((1, 30), dtype=int)
    counts[0, [9, 19]] = 1
    found = log_likelihood(rates, counts, np.array([0.05]), np.array([20.0]))
    gaps = np.array([0.05 + 0.95, 1.0])
    wanted = gamma.logpdf(gaps, 20, scale=1 / 20).sum() + 2 * np.log(0.1)
    wanted += gamma.logsf(3 - 1.95, 20, scale=1 / 20)
    assert found == pytest.approx(wanted)
    impossible = log_likelihood(np.zeros((1, 30)), counts, np.array([0.05]), np.ones(1))
    assert impossible[0] == -np.inf


def test_the_oracle_is_seldom_sure_of_what_is_not_so(shop):
    """A likelihood ratio passes c in at most 1 / c of the cases without a switch."""
    windows = judge(shop)
    assert not windows["log_gain"].isna().any()
    without = windows.loc[~windows["is_switch"], "log_gain"]
    for times in (5, 20, 100):
        assert (without > np.log(times)).mean() <= 1.1 / times
    of_switch = windows.loc[windows["is_switch"], "log_ratio"]
    assert (of_switch > np.log(100)).mean() > 0.3
    sure = windows["is_switch"] & (windows["kind_before"] == "New Customer Ramp")
    assert (windows.loc[sure, "log_ratio"] > np.log(100)).mean() > 0.9


def test_silence_tells_of_lapse_as_far_as_orders_were_due(shop):
    habits, windows = Habits(shop), judge(shop)
    rates = habits.rates()
    months = shop.calendar.months.astype("datetime64[s]")
    to_lapsed = windows["kind_after"] == "Lapsed Customers"
    checked = windows[windows["is_switch"] & to_lapsed].iloc[:40]
    assert len(checked) == 40
    for window in checked.itertuples():
        row = int(np.flatnonzero(shop.customer_ids == window.customer_id)[0])
        month = int(np.flatnonzero(months == window.month)[0])
        first, end = shop.calendar.month_starts[[month, month + 3]]
        assert not habits.counts[row, first:end].any()
        last = np.flatnonzero(habits.counts[row, :first])[-1]
        rate, repeats = rates[row, last], habits.counts[row, last]
        carried = rates[row, last:first].sum() - rate * (1 - 0.5 / repeats)
        slot = np.flatnonzero(habits.population.start_months[row] < month)[-1]
        kind = habits.population.kinds[row, slot]
        start = habits.population.start_days[row, slot]
        due = habits.rates_as(np.array([row]), kind, start, slice(first, end)).sum()
        shape = habits.regularity[row]
        silence = gamma.logsf([carried, carried + due], shape, scale=1 / shape)
        assert window.log_ratio == pytest.approx(silence[0] - silence[1], abs=1e-6)


@settings(deadline=None)
@given(
    st.lists(st.floats(-50, 50) | st.just(-np.inf), min_size=1),
    st.floats(0, 1),
)
def test_alarms_are_as_few_as_asked_for(gains, share):
    least = alarm_threshold(gains, share)
    assert np.mean(np.asarray(gains) > least) <= share + 1e-9


def test_the_report_of_the_sample_counts_as_the_benchmark_does():
    planted = PROJECT / "models" / "intermediate" / "planted"
    moves = (planted / "int_planted_moves.sql").read_text("utf-8")
    months = (planted / "int_planted_months.sql").read_text("utf-8")
    (causes,) = re.findall(r"cause in \(([^)]*)\)", moves)
    assert set(re.findall(r"'([^']+)'", causes)) == set(ANY_CAUSE)
    assert f"current row and {WINDOW_MONTHS - 1} following" in moves
    assert f"{STEADY_MONTHS} preceding and {STEADY_MONTHS} following" in months
