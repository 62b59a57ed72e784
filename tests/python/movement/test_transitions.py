"""Transitions: counts, probabilities, tests and expectations, on planted chains."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.frames import as_table
from trajectories.movement import transitions
from trajectories.movement.transitions import histories
from trajectories.movement.transitions.assumptions import TEST_SCHEMA, likelihood_ratio
from trajectories.movement.transitions.chains import (
    ESTIMATE_SCHEMA,
    EVEN_CUSTOMERS,
    GENERAL_CUSTOMERS,
    Chain,
    best_windows,
    credible_interval,
    expected_customers,
    row_prior,
)
from trajectories.movement.transitions.expectations import (
    EXPECTATION_SCHEMA,
    HORIZONS,
    better_p_value,
)
from trajectories.movement.transitions.histories import PATH_COLUMNS

#: Newcomers start in the first of three segments; from the others nobody returns.
LAPSING = np.array([[0.7, 0.3, 0.0], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]])
#: Three segments that all mix.
MIXING = np.array([[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])


def of_counts(function):
    """A function of a table of counts, for frames, which tests change."""
    return lambda counts, *options, **named: function(
        as_table(counts), *options, **named
    )


estimate_transitions = of_counts(transitions.estimate_transitions)
expect_segments = of_counts(transitions.expect_segments)
judge_transitions = of_counts(transitions.judge_transitions)
read_path_histories = of_counts(histories.read_path_histories)


def month_of(number):
    return date(2016 + number // 12, number % 12 + 1, 1)


def row(month, *path, customers=1, segmentation="value"):
    """One counted path; the map is not redrawn where it has three segments."""
    path = path if len(path) == 4 else (*path, path[-1])
    return dict(
        zip(
            PATH_COLUMNS, (segmentation, month_of(month), *path, customers), strict=True
        )
    )


def frame(rows):
    return pd.DataFrame(rows, columns=list(PATH_COLUMNS))


def planted(
    steps, start, months, newcomers=0.0, seed=0, shock=0.0, entries=(1.0, 0.0, 0.0)
):
    """Counted paths of customers who move by a chain of first or second order.

    `steps` is (segments, segments) or, by the segment before that, one axis more.
    With a shock, each month's rows are drawn around those of the chain.
    """
    generator = np.random.default_rng(seed)
    size = steps.shape[-1]
    names = [f"value-{number}" for number in range(1, size + 1)]
    # Customers by segment a month before (last place: none) and now.
    now = np.zeros((size + 1, size), int)
    now[-1] = start
    rows = [row(0, None, None, names[k], customers=n) for k, n in enumerate(start) if n]
    for month in range(1, months):
        following = np.zeros_like(now)
        this = steps
        if shock:
            this = generator.gamma(np.maximum(steps, 1e-9) / shock)
            this /= this.sum(axis=-1, keepdims=True)
        for before, own in zip(*np.nonzero(now), strict=True):
            shares = this[own] if steps.ndim == 2 else this[min(before, size - 1), own]
            moved = generator.multinomial(now[before, own], shares)
            following[own] += moved
            earlier = names[before] if before < size else None
            rows += [
                row(month, earlier, names[own], names[k], customers=n)
                for k, n in enumerate(moved)
                if n
            ]
        came = generator.multinomial(generator.poisson(newcomers), entries)
        following[-1] = came
        rows += [
            row(month, None, None, names[k], customers=n)
            for k, n in enumerate(came)
            if n
        ]
        now = following
    return frame(rows)


def joined(first, second, months):
    """Two shops with the same segments, one after the other."""
    later = second[second["month"] > month_of(0)].copy()
    later["month"] = [
        month_of((day.year - 2016) * 12 + day.month + months - 2)
        for day in later["month"]
    ]
    return pd.concat([first, later])


def latest(table):
    found = table.to_pandas()
    return found[found["origin_month"] == found["origin_month"].max()]


# -- Reading --------------------------------------------------------------------------


def test_paths_are_counted_by_month_and_segment():
    history = read_path_histories(
        frame(
            [
                row(0, None, None, "a", customers=5),
                row(1, None, "a", "b", customers=3),
                row(1, None, "a", "a", customers=2),
                row(1, None, None, "a", customers=4),
                row(2, "a", "b", "a", "b", customers=3),
                row(2, "a", "a", "a", customers=2),
                row(2, None, "a", "a", customers=4),
            ]
        )
    )[0]
    assert list(history.segments) == ["a", "b"]
    assert history.sizes.tolist() == [[5, 0], [6, 3], [6, 3]]
    assert history.entries.tolist() == [[0, 0], [4, 0], [0, 0]]
    assert history.moves[1].tolist() == [[2, 3], [0, 0]]
    # Three came back by the map of the month before; its own calls that staying.
    assert history.moves[2].tolist() == [[6, 0], [3, 0]]
    assert history.paths[2].tolist() == [[[2, 0], [3, 0]], [[0, 0], [0, 0]]]
    assert history.is_redrawn.tolist() == [False, False, True]


def test_missing_columns_and_months_are_named():
    with pytest.raises(ValueError, match="no column customers"):
        read_path_histories(frame([]).drop(columns="customers"))
    with pytest.raises(ValueError, match="2 months between 2016-01-01 and 2016-03-01"):
        read_path_histories(frame([row(0, None, None, "a"), row(2, None, "a", "a")]))
    with pytest.raises(ValueError, match="transition_month_pairs"):
        estimate_transitions(planted(MIXING, [5, 5, 5], 3), pairs=0)


# -- Probabilities --------------------------------------------------------------------

tables = st.integers(1, 5).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, 50), min_size=size, max_size=size),
        min_size=size,
        max_size=size,
    ).map(np.array)
)


@given(tables)
def test_a_prior_weighs_six_customers_and_opens_no_closed_door(counts):
    prior = row_prior(counts)
    assert np.allclose(prior.sum(axis=1), GENERAL_CUSTOMERS + EVEN_CUSTOMERS)
    assert (prior >= 0).all()
    never = counts.sum(axis=0) == np.diag(counts)
    others = ~np.eye(len(counts), dtype=bool)
    assert (prior[:, never][others[:, never]] == 0).all()
    order = np.arange(len(counts))[::-1]
    assert np.allclose(row_prior(counts[order][:, order]), prior[order][:, order])


def test_what_is_not_known_of_a_segment_is_taken_from_the_others():
    counts = np.array([[80, 20, 0], [20, 80, 0], [0, 0, 0]])
    prior = row_prior(counts)[2] / (GENERAL_CUSTOMERS + EVEN_CUSTOMERS)
    even = EVEN_CUSTOMERS / 3
    general = GENERAL_CUSTOMERS * np.array([0.1, 0.1, 0.8])
    assert np.allclose(prior, (general + even) / (GENERAL_CUSTOMERS + EVEN_CUSTOMERS))


def test_intervals_are_those_of_drawn_probabilities():
    weights = np.array([40.0, 3.0, 0.2, 0.0])
    drawn = np.random.default_rng(0).dirichlet(weights[:3], 200_000)
    low, high = credible_interval(weights)
    assert np.allclose(low[:3], np.quantile(drawn, 0.025, axis=0), atol=2e-3)
    assert np.allclose(high[:3], np.quantile(drawn, 0.975, axis=0), atol=2e-3)
    assert low[3] == high[3] == 0
    assert credible_interval(np.array([7.0, 0.0])).tolist() == [[1, 0], [1, 0]]


def test_intervals_hold_the_planted_probabilities():
    held = []
    for seed in range(40):
        counts = planted(MIXING, [40, 40, 40], 8, newcomers=5, seed=seed)
        found = estimate_transitions(counts, pairs=12).to_pandas().dropna()
        true = MIXING.reshape(-1)
        held.append(
            (found["lower_95_probability"] <= true)
            & (true <= found["upper_95_probability"])
        )
    assert 0.92 <= np.mean(held) <= 0.98


def test_estimates_of_a_shop_add_up_and_say_where_newcomers_start():
    counts = planted(LAPSING, [300, 200, 100], 20, newcomers=30)
    found = estimate_transitions(counts, pairs=12)
    assert found.schema == ESTIMATE_SCHEMA
    table = found.to_pandas()
    sums = table.groupby("from_segment_id", dropna=False)["probability"].sum()
    assert len(sums) == 4
    assert np.allclose(sums, 1)
    assert (table["month_pairs"] == 12).all()
    newcomers = table[table["from_segment_id"].isna()].set_index("to_segment_id")
    assert newcomers["probability"]["value-1"] > 0.99
    # Nobody ever came to the first segment from another one.
    closed = table[(table["to_segment_id"] == "value-1")].dropna()
    assert closed.set_index("from_segment_id")["upper_95_probability"][
        ["value-2", "value-3"]
    ].tolist() == [0, 0]


def test_only_the_last_months_count():
    turned = joined(
        planted(np.eye(3), [300] * 3, 13), planted(MIXING, [300] * 3, 13, seed=1), 13
    )
    table = estimate_transitions(turned, pairs=12).to_pandas().dropna()
    assert np.allclose(table["probability"], MIXING.reshape(-1), atol=0.05)


def test_the_chain_looks_back_as_far_as_served_it():
    steady = [
        best_windows(
            read_path_histories(planted(MIXING, [40] * 3, 24, newcomers=30, seed=seed))[
                0
            ],
            12,
        )
        for seed in range(8)
    ]
    assert np.mean(np.array(steady)[:, 12:] == 12) > 0.75
    start = [3000, 3000, 3000]
    turned = joined(
        planted(np.eye(3), start, 13), planted(LAPSING, start, 13, seed=1), 13
    )
    windows = best_windows(read_path_histories(turned)[0], 12)
    assert (windows[:14] == 12).all()
    assert windows[-1] == 3
    assert set(best_windows(read_path_histories(turned)[0], 1)) == {1}
    found = estimate_transitions(turned, 12).to_pandas()
    assert (found["month_pairs"] == 3).all()


# -- Tests ----------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(2, 4))
@settings(max_examples=40)
def test_the_likelihood_ratio_is_that_of_contingency_tables(seed, conditions, size):
    counts = np.random.default_rng(seed).poisson(2, (conditions, size, size))
    statistic, free = 0.0, 0
    for start in range(size):
        part = counts[:, start]
        part = part[part.sum(axis=1) > 0][:, part.sum(axis=0) > 0]
        if min(part.shape, default=0) > 0:
            each = stats.chi2_contingency(
                part, correction=False, lambda_="log-likelihood"
            )
            statistic, free = statistic + each.statistic, free + each.dof
    found = likelihood_ratio(counts)
    assert found.degrees_of_freedom == free
    assert found.statistic == pytest.approx(statistic, abs=1e-8)
    assert 0 <= found.gained_share <= 1


def test_a_true_chain_is_rejected_as_often_as_announced():
    p_values, gains = {"order": [], "homogeneity": []}, []
    for seed in range(150):
        counts = planted(MIXING, [400, 400, 400], 10, seed=seed)
        for found in judge_transitions(counts, pairs=12).to_pylist():
            p_values[found["test"]].append(found["p_value"])
            gains.append(found["gained_share"])
    for test, found in p_values.items():
        assert stats.kstest(found, "uniform").pvalue > 0.01, test
    assert max(gains) < 0.01


def test_memory_and_changing_months_are_found():
    # Who came from elsewhere goes on; who was there stays.
    second = np.array([MIXING] * 3)
    second[1:, 0] = [0.2, 0.6, 0.2]
    judged = judge_transitions(planted(second, [400] * 3, 12), 12).to_pylist()
    order = {found["test"]: found for found in judged}["order"]
    assert order["p_value"] < 1e-6
    assert order["gained_share"] > 0.01
    assert "two months before matters" in order["verdict"]
    shaken = planted(MIXING, [400] * 3, 12, shock=0.2)
    judged = judge_transitions(shaken, 12).to_pylist()
    months = {found["test"]: found for found in judged}["homogeneity"]
    assert months["p_value"] < 1e-6
    assert months["gained_share"] > 0.05
    assert "which month it is matters:" in months["verdict"]


# -- Expectations ---------------------------------------------------------------------


@given(tables, st.integers(0, 9), st.sampled_from(HORIZONS))
def test_no_customer_is_lost_or_invented(counts, newcomers, horizon):
    sizes = counts.sum(axis=0) + 1
    entries = np.zeros((1, len(counts)), int)
    entries[0, -1] = newcomers
    chain = Chain(
        np.arange(len(counts)), sizes, counts[None], entries, float(newcomers)
    )
    members, expected = expected_customers(chain, horizon)
    assert members.sum() == pytest.approx(sizes.sum())
    assert expected.sum() == pytest.approx(horizon * newcomers)
    assert (members >= 0).all()
    assert (expected >= 0).all()


def test_expected_customers_are_where_a_million_go():
    start = np.array([500_000, 300_000, 200_000])
    counts = planted(LAPSING, start, 9, newcomers=20_000)
    now = latest(expect_segments(counts, 12, 1))
    sizes = now[now["horizon_months"] == 1]["same_as_now_customers"].to_numpy()
    for horizon in HORIZONS:
        moved = sizes @ np.linalg.matrix_power(LAPSING, horizon)
        for age in range(horizon):
            entered = np.array([20_000, 0, 0])
            moved = moved + entered @ np.linalg.matrix_power(LAPSING, age)
        found = now[now["horizon_months"] == horizon]["expected_customers"]
        assert np.allclose(found, moved, rtol=0.01)


def test_the_chain_is_published_where_it_is_better():
    counts = planted(LAPSING, [2000, 0, 0], 30, newcomers=100)
    found = latest(expect_segments(counts, 12, 1))
    assert found["is_published"].all()
    assert (found["published_customers"] == found["expected_customers"]).all()
    assert found["reason"].str.startswith("The chain is published: over ").all()
    assert (found["chain_error_share"] < found["same_as_now_error_share"]).all()


def wandering(seed, months=24):
    """Sizes that wander: each month a crowd moves, from and to anywhere."""
    generator = np.random.default_rng(seed)
    names = ["value-1", "value-2", "value-3"]
    sizes = np.full(3, 1000)
    rows = [row(0, None, None, name, customers=1000) for name in names]
    for month in range(1, months):
        source, target = generator.choice(3, 2, replace=False)
        for place, name in enumerate(names):
            moved = min(40, sizes[place] - 1) if place == source else 0
            rows.append(row(month, None, name, name, customers=sizes[place] - moved))
            if moved:
                rows.append(row(month, None, name, names[target], customers=moved))
                crowd = moved
        sizes[source] -= crowd
        sizes[target] += crowd
    return frame(rows)


def test_same_as_now_is_published_where_the_chain_is_no_better():
    published, lucky = [], []
    for seed in range(25):
        found = latest(expect_segments(wandering(seed), 12, 1))
        better = found["chain_error_share"] < found["same_as_now_error_share"]
        lucky += list(found["reason"][better & ~found["is_published"]])
        kept = found[~found["is_published"]]
        published += list(found.groupby("horizon_months")["is_published"].first())
        assert (kept["published_customers"] == kept["same_as_now_customers"]).all()
        assert kept["reason"].str.startswith("Same as now is published").all()
    # By luck, about one of twenty; of horizons of one shop, which are related.
    assert np.mean(published) <= 0.1
    assert lucky
    assert all("which may be luck" in reason for reason in lucky)


def test_sizes_of_two_segmentations_add_up_to_the_same_and_never_fall():
    """One looks back twelve months, the other six; newcomers grow."""
    generator = np.random.default_rng(3)
    arrived = generator.poisson(40 * np.linspace(1, 3, 23))
    tables = []
    for name, shock, seed in (("value", 0.1, 2), ("rhythm", 0.02, 3)):
        moving = planted(MIXING, [600, 300, 100], 24, seed=seed, shock=shock)
        entered = frame(
            [
                row(month, None, None, "value-1", customers=int(came))
                for month, came in enumerate(arrived, start=1)
            ]
        )
        # Who entered is there from then on, and moves no more.
        stayed = frame(
            [
                row(month, None, "value-1", "value-1", customers=int(customers))
                for month, customers in enumerate(arrived.cumsum()[:-1], start=2)
            ]
        )
        every = pd.concat([moving, entered, stayed], ignore_index=True)
        tables.append(every.assign(segmentation=name))
    counts = pd.concat(tables, ignore_index=True)
    windows = [best_windows(h, 12)[-1] for h in read_path_histories(counts)]
    assert windows[0] != windows[1]
    found = expect_segments(counts, 12, 1)
    keys = ["horizon_months", "origin_month", "segmentation"]
    by_place = (
        found.to_pandas()
        .groupby(keys)[["published_customers", "same_as_now_customers"]]
        .sum()
    )
    sizes = by_place["published_customers"].unstack("segmentation")
    assert np.allclose(sizes["value"], sizes["rhythm"])
    value = sizes["value"].unstack("horizon_months")
    assert (value.diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)
    now = by_place["same_as_now_customers"].xs(1).unstack("segmentation")["value"]
    assert (value[1] > now).iloc[1:].all()


def test_same_as_now_keeps_shares_of_more_customers():
    counts = wandering(1)
    entered = [
        row(month, None, None, "value-1", customers=30) for month in range(1, 24)
    ]
    found = latest(expect_segments(pd.concat([counts, frame(entered)]), 12, 1))
    kept = found[~found["is_published"]]
    assert len(kept)
    total = kept.groupby("horizon_months")["same_as_now_customers"].transform("sum")
    grown = 1 + 30 * kept["horizon_months"] / total
    expected = kept["same_as_now_customers"] * grown
    assert np.allclose(kept["published_customers"], expected)


def test_bands_hold_four_of_five_outcomes():
    held, tested = [], []
    for seed in range(12):
        counts = planted(
            MIXING, [300] * 3, 24, newcomers=20, seed=seed, shock=0.02 * (seed % 3)
        )
        past = expect_segments(counts, 12, seed).to_pandas()
        past = past.dropna(subset="actual_customers")
        low, high = past["lower_80_customers"], past["upper_80_customers"]
        held += list(past["actual_customers"].between(low, high))
        tested += list(past["is_band_tested"])
    assert 0.75 <= np.mean(np.array(held)[tested]) <= 0.92


@given(st.integers(0, 10_000), st.integers(3, 25))
def test_at_one_month_the_test_is_students(seed, size):
    gains = np.random.default_rng(seed).normal(0.3, 1, size)
    expected = stats.ttest_1samp(gains, 0, alternative="greater").pvalue
    if gains.mean() > 0:
        assert better_p_value(gains, 1) == pytest.approx(expected)
    else:
        assert better_p_value(gains, 1) == 1


def test_related_gains_and_few_origins_prove_little():
    alternating = np.tile([1.0, -0.5], 10)
    runs = np.sort(alternating)
    assert better_p_value(runs, 6) > better_p_value(alternating, 6)
    assert better_p_value(np.ones(2), 1) == 1
    assert better_p_value(np.ones(6), 6) == 1
    assert better_p_value(np.ones(7), 6) == 0
    assert better_p_value(-np.ones(7), 6) == 1


def test_nothing_later_than_the_origin_is_known():
    counts = planted(MIXING, [100, 300, 50], 18, newcomers=20, shock=0.05)
    whole = expect_segments(counts, 6, 1).to_pandas()
    for origin in (8, 12, 15):
        known = counts[counts["month"] <= month_of(origin)]
        then = latest(expect_segments(known, 6, 1)).reset_index(drop=True)
        now = whole[whole["origin_month"] == month_of(origin)].reset_index(drop=True)
        outcome = ["actual_customers"]
        pd.testing.assert_frame_equal(
            then.drop(columns=outcome), now.drop(columns=outcome)
        )


def test_the_window_is_chosen_by_what_was_known():
    counts = planted(MIXING, [100, 300, 50], 24, newcomers=20, shock=0.05)
    whole = best_windows(read_path_histories(counts)[0], 12)
    assert len(set(whole)) > 1
    for origin in range(24):
        known = counts[counts["month"] <= month_of(origin)]
        then = best_windows(read_path_histories(known)[0], 12)
        assert then.tolist() == whole[: origin + 1].tolist()


def test_the_order_of_rows_does_not_matter_and_the_seed_moves_bands_alone():
    counts = planted(MIXING, [100, 300, 50], 12, newcomers=20)
    found = expect_segments(counts, 12, 1)
    assert found.equals(expect_segments(counts.sample(frac=1, random_state=0), 12, 1))
    other = expect_segments(counts, 12, 2)
    assert not found["upper_80_customers"].equals(other["upper_80_customers"])
    assert found["published_customers"].equals(other["published_customers"])


def test_a_redrawn_map_keeps_customers_out_of_segments_it_no_longer_has():
    counts = planted(MIXING, [300] * 3, 12)
    last = counts["month"] == month_of(11)
    retired = last & (counts["segment_id"] == "value-3")
    counts.loc[retired, "segment_id"] = "value-4"
    found = latest(expect_segments(counts, 12, 1))
    assert sorted(set(found["segment_id"])) == ["value-1", "value-2", "value-4"]
    month = found[found["horizon_months"] == 1].set_index("segment_id")
    assert (
        month["expected_customers"].sum() == month["same_as_now_customers"].sum() == 900
    )
    # Of the new segment nothing is known: most of its members stay.
    assert (
        month["expected_customers"]["value-4"]
        > 0.6 * month["same_as_now_customers"]["value-4"]
    )
    estimated = estimate_transitions(counts, 12).to_pandas()
    assert "value-3" not in set(estimated["to_segment_id"])


# -- Hard cases -----------------------------------------------------------------------

FUNCTIONS = [
    (lambda counts: expect_segments(counts, 12, 1), EXPECTATION_SCHEMA),
    (lambda counts: estimate_transitions(counts, 12), ESTIMATE_SCHEMA),
    (lambda counts: judge_transitions(counts, 12), TEST_SCHEMA),
]


@pytest.mark.parametrize(("function", "schema"), FUNCTIONS)
def test_nothing_gives_a_typed_empty_table(function, schema):
    found = function(frame([]))
    assert found.schema == schema
    assert found.num_rows == 0


def test_one_month_has_no_chain():
    counts = planted(MIXING, [5, 5, 5], 1)
    assert expect_segments(counts, 12, 1).num_rows == 0
    assert estimate_transitions(counts, 12).num_rows == 0
    judged = judge_transitions(counts, 12).to_pylist()
    assert {found["month_pairs"] for found in judged} == {0}
    assert all("too little was seen" in found["verdict"] for found in judged)


def test_two_months_are_expected_from_but_not_trusted():
    found = latest(expect_segments(planted(MIXING, [50, 50, 50], 2), 12, 1))
    assert len(found) == 9
    assert not found["is_published"].any()
    assert found["reason"].str.contains("0 earlier months have an outcome").all()
    assert found["chain_error_share"].isna().all()


def test_one_customer_in_one_segment_stays():
    counts = planted(np.eye(1), [1], 12, entries=(1.0,))
    found = latest(expect_segments(counts, 12, 1))
    numbers = ["expected_customers", "lower_80_customers", "upper_80_customers"]
    assert (found[numbers] == 1).all(axis=None)
    assert estimate_transitions(counts, 12)["probability"].to_pylist() == [1, 1]
    assert {
        found["p_value"] for found in judge_transitions(counts, 12).to_pylist()
    } == {1}


def test_segmentations_do_not_meet():
    value = planted(MIXING, [100, 300, 50], 12, newcomers=20)
    rhythm = planted(LAPSING, [100, 300, 50], 9, newcomers=9)
    rhythm = rhythm.assign(segmentation="rhythm")
    for function, _ in FUNCTIONS:
        both = function(pd.concat([value, rhythm])).to_pandas()
        alone = function(value).to_pandas()
        part = both[both["segmentation"] == "value"].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone, check_dtype=False)
