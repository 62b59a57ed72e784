"""What a test found: golden values of a real one, and the traps of reading it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_builds import SHARED_DATA, needs_data
from scipy import stats
from statsmodels.stats.multitest import multipletests

from trajectories.experiments import read_out
from trajectories.experiments.checks import (
    balance_p_value,
    rate_p_value,
    sample_ratio_p_value,
)
from trajectories.experiments.comparisons import CUPED, compare_arms
from trajectories.experiments.designs import PERMUTATION, WELCH
from trajectories.experiments.families import (
    adjusted_by_benjamini_hochberg,
    adjusted_by_holm,
)
from trajectories.experiments.permutations import (
    deal_in_strata,
    permuted_difference,
    stratified_means,
)
from trajectories.experiments.readouts import (
    ArmMean,
    arm_means,
    covariate_slope,
    fieller_lift,
    held_out_gain,
    welch_difference,
)
from trajectories.experiments.sums import (
    SUM_COLUMNS,
    ArmSums,
    arms_of_rows,
    joined_strata,
    sum_customers,
)

HILLSTROM = SHARED_DATA / "hillstrom" / "hillstrom.csv"
needs_hillstrom = needs_data("hillstrom")
MENS, WOMENS, NONE = "Mens E-Mail", "Womens E-Mail", "No E-Mail"
KNOWN_BEFORE = (
    *("recency", "log_history", "mens", "womens", "zip_code", "newbie", "channel"),
)


@cache
def hillstrom() -> pd.DataFrame:
    visits = pd.read_csv(HILLSTROM)
    return visits.assign(log_history=np.log(visits["history"]))


def row_of(arm: str, control: str = NONE, estimator: str = "post-stratified", **how):
    how = {"value": "spend", "test": WELCH} | how
    found = read_out(hillstrom(), arm="segment", control=control, **how)
    (row,) = found[(found["arm"] == arm) & (found["estimator"] == estimator)].to_dict(
        "records"
    )
    return row


def arms_of(values: dict, covariates: dict | None = None, strata: dict | None = None):
    """Sums of arms of arrays, by name."""
    names = np.concatenate([[name] * len(own) for name, own in values.items()])
    join = np.concatenate
    layers = join([*strata.values()]) if strata else np.full(len(names), "all")
    before = join([*covariates.values()]) if covariates else None
    table = sum_customers(names, layers, join([*values.values()]), before)
    return arms_of_rows(table.to_pylist())


def sparse_spend(generator: np.random.Generator, size: int) -> np.ndarray:
    """Spend of a campaign's two weeks: nearly nobody's, and of those who do, much."""
    return generator.gamma(0.8, 120, size) * (generator.random(size) < 0.01)


# -- A real test ----------------------------------------------------------------------


@needs_hillstrom
@pytest.mark.parametrize(
    ("arm", "control", "golden"),
    [
        (MENS, NONE, (0.7698, 0.4851, 1.0545)),
        (WOMENS, NONE, (0.4244, 0.1690, 0.6799)),
        (MENS, WOMENS, (0.3454, 0.0326, 0.6583)),
    ],
)
def test_hillstrom_is_read_out_as_it_was_published(arm, control, golden) -> None:
    row = row_of(arm, control)
    ends = ("difference", "difference_lower", "difference_upper")
    assert tuple(round(row[end], 4) for end in ends) == golden


@needs_hillstrom
def test_hillstrom_p_values_and_shares_are_as_published() -> None:
    assert f"{row_of(MENS)['p_value']:.2e}" == "1.16e-07"
    assert round(row_of(WOMENS)["p_value"], 4) == 0.0011
    for value, points in {"visit": (7.66, 4.52), "conversion": (0.68, 0.31)}.items():
        for arm, found in zip((MENS, WOMENS), points, strict=True):
            assert round(100 * row_of(arm, value=value)["difference"], 2) == found
    sizes = hillstrom()["segment"].value_counts()
    assert round(sample_ratio_p_value(sizes, [1 / 3] * 3), 2) == 0.90


@needs_hillstrom
def test_hillstrom_adjusted_by_all_covariates_is_as_published() -> None:
    """The published one has the past year's spend as its logarithm, and all arms."""
    row = row_of(MENS, estimator=CUPED, covariates=KNOWN_BEFORE, cap_share=1)
    ends = ("difference", "difference_lower", "difference_upper")
    assert round(row["difference"], 4) == 0.7688
    # There one variance served both arms; here each has its own.
    assert np.allclose([row[end] for end in ends], (0.7688, 0.4843, 1.0533), atol=1e-4)
    assert 0 < row["variance_reduction_share"] < 0.002


@needs_hillstrom
def test_hillstrom_by_permutation_is_what_welch_says_of_so_many() -> None:
    row = row_of(MENS, test=None)
    assert row["test"] == PERMUTATION
    assert row["p_value"] <= 0.0004
    assert abs(row["difference_lower"] - 0.4851) < 0.02
    assert abs(row["difference_upper"] - 1.0545) < 0.02
    assert abs(row["relative_lift_lower"] - row_of(MENS)["relative_lift_lower"]) < 0.02


# -- Sums -----------------------------------------------------------------------------


def test_sums_say_what_scipy_says_of_the_customers() -> None:
    """Trap: the variance of one arm, or one for both, is not that of a difference."""
    generator = np.random.default_rng(1)
    values = {"a": generator.normal(5, 9, 400), "b": generator.normal(4, 1, 60)}
    means = arm_means(arms_of(values))
    found = welch_difference(means["a"], means["b"])
    oracle = stats.ttest_ind(*values.values(), equal_var=False)
    assert np.isclose(found.p_value, oracle.pvalue)
    assert np.allclose((found.low, found.high), oracle.confidence_interval())
    pooled = stats.ttest_ind(*values.values()).confidence_interval()
    assert abs(pooled.low - found.low) > 0.3


def test_strata_are_weighed_by_all_customers_not_by_those_of_an_arm() -> None:
    """Where an arm has more of the rich, the plain difference is theirs."""
    strata = {
        "a": np.repeat(["poor", "rich"], [100, 300]),
        "b": np.repeat(["poor", "rich"], [300, 100]),
    }
    noise = np.random.default_rng(2).normal(0, 1, 400)
    values = {
        arm: np.where(own == "rich", 100.0, 10.0) + noise for arm, own in strata.items()
    }
    means = arm_means(arms_of(values, strata=strata))
    assert abs(welch_difference(means["a"], means["b"]).value) < 0.5
    assert abs(values["a"].mean() - values["b"].mean()) > 40
    assert means["a"].value == pytest.approx(55, abs=0.5)
    strata["b"] = np.repeat(["poor", "rich"], [600, 200])
    values["b"] = np.where(strata["b"] == "rich", 100.0, 10.0)
    means = arm_means(arms_of(values, strata=strata))
    assert means["a"].value == pytest.approx(10 + 90 * 500 / 1200, abs=0.5)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=8
    )
)
def test_joining_small_strata_loses_nobody(sizes) -> None:
    rows = [
        {"arm": arm, "stratum": str(place), "positive_customers": 0}
        | {"customers": pair[number], "value_sum": float(pair[number])}
        | {"value_squares": float(pair[number])}
        for place, pair in enumerate(sizes)
        for number, arm in enumerate("ab")
    ]
    arms = arms_of_rows(rows)
    joined = joined_strata(arms)
    for name, arm in arms.items():
        assert joined[name].customers.sum() == arm.customers.sum()
        assert joined[name].value_sum.sum() == arm.value_sum.sum()
    totals = [arm.customers.sum() for arm in arms.values()]
    if min(totals) >= 2:
        assert min(arm.customers.min() for arm in joined.values()) >= 2


def test_trap_average_order_value_is_a_ratio_of_sums_not_a_mean_of_customers() -> None:
    generator = np.random.default_rng(3)
    orders = {arm: generator.poisson(2, 500).astype(float) for arm in "ab"}
    amounts = {
        arm: own * generator.gamma(2, 10, 500) / (1 + own)
        for arm, own in orders.items()
    }
    names = np.repeat(["a", "b"], 500)
    join = np.concatenate
    frame = pd.DataFrame(
        {
            "arm": names,
            "amount": join([*amounts.values()]),
            "orders": join([*orders.values()]),
        }
    )
    row = read_out(frame, "arm", "b", "amount", denominator="orders", test=WELCH).iloc[
        0
    ]
    assert np.isclose(row["mean"], amounts["a"].sum() / orders["a"].sum())
    own = orders["a"] > 0
    assert abs(row["mean"] - (amounts["a"][own] / orders["a"][own]).mean()) > 0.5
    # A covariate of sums alone says nothing of a ratio.
    sums = sum_customers(
        names,
        np.full(1000, "all"),
        frame["amount"].to_numpy(),
        frame["amount"].to_numpy(),
        frame["orders"].to_numpy(),
    )
    (alone,) = compare_arms(arms_of_rows(sums.to_pylist()), "b", WELCH)
    assert alone.difference.value == pytest.approx(row["difference"])
    drawn = generator.integers(0, 500, (2, 2000, 500))
    again = [
        amounts[arm][rows].sum(1) / orders[arm][rows].sum(1)
        for arm, rows in zip("ab", drawn, strict=True)
    ]
    error = (row["difference_upper"] - row["difference_lower"]) / 2 / 1.96
    assert abs(error / np.std(again[0] - again[1]) - 1) < 0.08


# -- Covariates -----------------------------------------------------------------------


def test_a_covariate_takes_off_what_it_tells_and_moves_nothing_else() -> None:
    generator = np.random.default_rng(4)
    before = {arm: generator.gamma(2, 10, 2000) for arm in "ab"}
    values = {arm: own + generator.normal(0, 5, 2000) for arm, own in before.items()}
    values["a"] = values["a"] + 1.0
    found = compare_arms(arms_of(values, before), "b")
    plain, cuped = found
    assert cuped.is_chosen
    assert not plain.is_chosen
    assert 0.8 < cuped.variance_reduction < 0.95
    assert abs(cuped.difference.value - 1.0) < 0.5
    assert cuped.difference.high - cuped.difference.low < 0.5 * (
        plain.difference.high - plain.difference.low
    )


def test_trap_a_slope_is_not_left_to_few_whales() -> None:
    """One customer's past is so large that, uncut, it makes the slope of all."""
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"arm": np.tile(["a", "b"], 1000)})
    frame["before"] = generator.gamma(2, 10, 2000)
    frame["spend"] = frame["before"] + generator.normal(0, 5, 2000)
    frame.loc[7, "before"] = 50_000.0
    gains = {
        share: read_out(
            *(frame, "arm", "b", "spend"), covariates=["before"], cap_share=share
        )["variance_reduction_share"].max()
        for share in (0.99, 1.0)
    }
    assert gains[0.99] > 0.8
    assert gains[1.0] < 0.05


def test_trap_a_slope_that_holds_in_one_stratum_alone_is_not_chosen() -> None:
    """What a stratum of large customers says is held against all others."""
    generator = np.random.default_rng(5)
    strata = {arm: np.repeat(["1", "2", "3", "4", "5"], 200) for arm in "ab"}
    before = {arm: generator.gamma(2, 10, 1000) for arm in "ab"}
    values = {arm: generator.gamma(2, 10, 1000) - 0.5 * before[arm] for arm in "ab"}
    for arm in "ab":
        values[arm][800:] += 1.5 * before[arm][800:]
        before[arm][800:] *= 3
        values[arm][800:] *= 3
    arms = arms_of(values, before, strata)
    assert covariate_slope(arms) > 0.3
    assert held_out_gain(arms) < 0
    chosen = [one.estimator for one in compare_arms(arms, "b") if one.is_chosen]
    assert chosen == ["post-stratified"]


def test_trap_covariates_of_a_frame_are_cut_off_and_missing_ones_said() -> None:
    generator = np.random.default_rng(6)
    frame = pd.DataFrame({"arm": np.repeat(["a", "b"], 500)})
    frame["before"] = generator.gamma(2, 10, 1000)
    frame["spend"] = frame["before"] + generator.normal(0, 5, 1000)
    # Who is new has no past, and spends much.
    new = generator.random(1000) < 0.2
    frame.loc[new, "before"] = np.nan
    frame.loc[new, "spend"] = 80 + generator.normal(0, 5, new.sum())
    row = read_out(frame, "arm", "b", "spend", covariates=["before"], test=WELCH)
    cuped = row[row["estimator"] == CUPED].iloc[0]
    assert cuped["variance_reduction_share"] > 0.9


@needs_hillstrom
def test_trap_a_covariate_measured_after_the_assignment_withholds_the_numbers() -> None:
    found = read_out(
        hillstrom(),
        "segment",
        NONE,
        "spend",
        covariates=["recency", "visit"],
        test=WELCH,
    )
    assert found["difference"].isna().all()
    assert found["p_value"].isna().all()
    assert found["reason"].str.startswith("Withheld: a covariate differs").all()


# -- Who is read ----------------------------------------------------------------------


@needs_hillstrom
def test_trap_only_buyers_are_not_read() -> None:
    visits = hillstrom().copy()
    visits["spend"] = visits["spend"].where(visits["spend"] > 0)
    with pytest.raises(ValueError, match=r"63,422 of 64,000 .* no number in 'spend'"):
        read_out(visits, "segment", NONE, "spend")


@needs_hillstrom
def test_trap_unreachable_customers_of_one_arm_withhold_the_numbers() -> None:
    visits = hillstrom()
    lost = (visits["segment"] == MENS) & (visits.index % 20 == 0)
    shares = dict.fromkeys((MENS, WOMENS, NONE), 1 / 3)
    whole = read_out(visits, "segment", NONE, "spend", shares=shares, test=WELCH)
    assert whole["difference"].notna().all()
    found = read_out(visits[~lost], "segment", NONE, "spend", shares=shares, test=WELCH)
    assert found["difference"].isna().all()
    assert found["reason"].str.contains("sizes of arms are not as planned").all()


def test_bad_frames_are_told_of_in_sentences() -> None:
    frame = pd.DataFrame({"arm": ["a", "b"], "spend": [1.0, 2.0]})
    with pytest.raises(ValueError, match="no column 'money'; it has arm, spend"):
        read_out(frame, "arm", "a", "money")
    with pytest.raises(ValueError, match="control arm 'c'; arms are a, b"):
        read_out(frame, "arm", "c", "spend")


def test_trap_one_customer_in_an_arm_is_a_sentence_and_no_number() -> None:
    frame = pd.DataFrame({"arm": ["a"] * 9 + ["b"], "spend": np.arange(10.0)})
    row = read_out(frame, "arm", "a", "spend").iloc[0]
    assert np.isnan(row["difference"])
    assert row["reason"] == "Arm b has 1 customer; a mean has an error from two on."


def test_trap_zero_conversions_in_an_arm_are_a_sentence_and_no_number() -> None:
    frame = pd.DataFrame({"arm": np.repeat(["a", "b"], 500), "bought": 0})
    frame.loc[:40, "bought"] = 1
    for test in (WELCH, PERMUTATION):
        row = read_out(frame, "arm", "b", "bought", test=test).iloc[0]
        assert np.isnan(row["difference"])
        assert np.isnan(row["p_value"])
        assert row["reason"].startswith("Nobody of the 500 customers of arm b did it")


# -- Lift -----------------------------------------------------------------------------


def test_trap_a_control_mean_near_zero_has_no_bounds_and_says_so() -> None:
    generator = np.random.default_rng(7)
    frame = pd.DataFrame({"arm": np.repeat(["a", "b"], 200)})
    frame["profit"] = generator.normal(0.1, 3.0, 400)
    frame["profit"] += np.where(frame["arm"] == "b", 0.05 - frame["profit"].mean(), 1)
    frame.loc[frame["arm"] == "b", "profit"] += (
        0.05 - frame.loc[frame["arm"] == "b", "profit"].mean()
    )
    row = read_out(frame, "arm", "b", "profit", test=WELCH).iloc[0]
    assert row["control_mean"] == pytest.approx(0.05)
    assert row["is_unbounded"]
    assert np.isnan(row["relative_lift_upper"])
    assert np.isfinite(row["difference_upper"])


def test_fieller_holds_the_ratio_as_often_as_it_says() -> None:
    generator = np.random.default_rng(8)
    held = 0
    for _ in range(2000):
        treated, control = generator.normal([1.3, 1.0], [0.1, 0.2])
        lift = fieller_lift(ArmMean(treated, 0.01, 0), ArmMean(control, 0.04, 0), 1.96)
        held += np.isnan(lift[1]) or lift[1] <= 0.3 <= lift[2]
    assert 0.935 < held / 2000 < 0.965


# -- Permutations ---------------------------------------------------------------------


def dealt(generator: np.random.Generator, strata: np.ndarray, share: float):
    is_treated = np.ones(len(strata), dtype=bool)
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        is_treated[generator.choice(rows, int(len(rows) * share), replace=False)] = (
            False
        )
    return is_treated


def test_a_permutation_is_that_of_scipy() -> None:
    generator = np.random.default_rng(9)
    values, is_treated = (
        sparse_spend(generator, 90) + generator.random(90),
        np.arange(90) < 30,
    )
    found = permuted_difference(values, is_treated, np.zeros(90, dtype=int), 0)
    oracle = stats.permutation_test(
        (values[is_treated], values[~is_treated]),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        vectorized=True,
        n_resamples=9999,
        rng=0,
    )
    assert abs(found.p_value - oracle.pvalue) < 0.03


def test_a_permutation_with_few_controls_and_strata_errs_as_rarely_as_it_says() -> None:
    """Effects are held by their intervals, and nothing is found where nothing is."""
    generator = np.random.default_rng(10)
    strata = np.repeat([0, 1, 2], [300, 200, 100])
    base = generator.gamma(0.5, 20, 600) * (generator.random(600) < 0.2)
    false, held, lifts = 0, 0, 0
    for run in range(300):
        is_treated = dealt(generator, strata, 0.1)
        found = permuted_difference(base, is_treated, strata, run, 800)
        false += found.p_value <= 0.05
        found = permuted_difference(
            base + 2.0 * is_treated, is_treated, strata, run, 800
        )
        held += found.low <= 2.0 <= found.high
        more = base * np.where(is_treated, 1.5, 1.0)
        found = permuted_difference(more, is_treated, strata, run, 800)
        above = np.isnan(found.lift_high) or found.lift_high >= 0.5
        lifts += above and (np.isnan(found.lift_low) or found.lift_low <= 0.5)
    assert false / 300 <= 0.08
    assert held / 300 >= 0.92
    assert lifts / 300 >= 0.92


def test_what_is_dealt_is_weighed_as_what_was_found() -> None:
    """Beside a plain loop, with strata of unlike sizes and arms."""
    generator = np.random.default_rng(14)
    strata = np.repeat([0, 1, 2], [120, 60, 20])
    values = generator.gamma(0.5, 20, 200) * (generator.random(200) < 0.6)
    values += 30 * strata
    is_treated = dealt(generator, strata, 0.4)
    found = deal_in_strata(values, is_treated, strata, [1], 4000)
    slow = []
    for _ in range(4000):
        again = dealt(generator, strata, 0.4)
        treated, control = stratified_means(values, again, strata)
        slow.append((treated - control, (again != is_treated).mean()))
    differences, moved = np.array(slow).T
    assert found[:, 0].std() == pytest.approx(differences.std(), rel=0.06)
    assert found[:, 0].mean() == pytest.approx(0, abs=0.1 * differences.std())
    # Of two arms dealt by lot, 1 for those who were treated is even as well.
    assert found[:, 2].mean() == pytest.approx(0, abs=0.01)
    assert moved.mean() == pytest.approx(2 * 0.4 * 0.6, abs=0.01)


def test_a_permutation_depends_on_the_seed_alone() -> None:
    generator = np.random.default_rng(11)
    values, strata = generator.random(400), np.repeat([0, 1], 200)
    is_treated = dealt(generator, strata, 0.5)
    one, two = (
        permuted_difference(values, is_treated, strata, 3, 5000, n_jobs=jobs)
        for jobs in (1, 4)
    )
    assert one.low == two.low
    assert one.p_value == two.p_value
    other = permuted_difference(values, is_treated, strata, 4, 5000)
    assert one.low != other.low


def test_a_test_that_needs_customers_tells_nothing_without_them() -> None:
    generator = np.random.default_rng(12)
    values = {"a": sparse_spend(generator, 4000), "b": sparse_spend(generator, 400)}
    (found,) = compare_arms(arms_of(values), "b")
    assert found.test == PERMUTATION
    assert np.isnan(found.difference.p_value)
    assert found.reason.startswith("A permutation test is made at planned looks alone")


# -- Checks and families --------------------------------------------------------------


def test_the_balance_of_what_is_dealt_by_lot_is_as_chance_has_it() -> None:
    """Within strata p is uniform, though between them arms are alike by design."""
    generator = np.random.default_rng(13)
    worth = np.sort(generator.gamma(1, 50, 1000))
    strata = np.repeat(np.arange(5), 200)
    p_values = []
    for _ in range(300):
        is_treated = dealt(generator, strata, 0.3)
        names = {True: "a", False: "b"}
        ranks = stats.rankdata(worth) / 1000
        table = sum_customers(
            np.array([names[one] for one in is_treated.tolist()]),
            strata.astype(str),
            np.zeros(1000),
            ranks,
        )
        p_values.append(balance_p_value(arms_of_rows(table.to_pylist())))
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


def test_a_rate_that_differs_between_arms_is_seen() -> None:
    assert rate_p_value([900, 700], [1000, 1000]) < 1e-9
    assert rate_p_value([900, 905], [1000, 1000]) > 0.5


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=20))
def test_corrected_p_values_are_those_of_statsmodels_and_no_smaller(values) -> None:
    p_values = np.array(values)
    holm = adjusted_by_holm(p_values)
    fdr = adjusted_by_benjamini_hochberg(p_values)
    assert np.allclose(holm, multipletests(p_values, method="holm")[1])
    assert np.allclose(fdr, multipletests(p_values, method="fdr_bh")[1])
    assert (fdr >= p_values - 1e-12).all()
    assert (holm >= fdr - 1e-12).all()


def test_sums_have_the_columns_of_the_mart() -> None:
    assert SUM_COLUMNS[0] == "customers"
    assert ArmSums.__dataclass_fields__.keys() == set(SUM_COLUMNS)
    assert isinstance(
        sum_customers(np.array(["a"]), np.array(["1"]), np.ones(1)), pa.Table
    )
