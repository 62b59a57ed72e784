"""Agreement of groupings: against scikit-learn, by hand, and by simulation."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.metrics.cluster import expected_mutual_information

from trajectories.segments.agreement import (
    adjusted_information,
    adjusted_rand,
    agreement,
    jaccards,
    match,
    redrawn,
    stay_share,
)

tables = arrays(
    np.int64,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.one_of(st.just(0), st.integers(0, 40)),
)


def generator(seed=0):
    return np.random.default_rng(seed)


def labels_of(cells):
    """One label before and one after for each customer."""
    places = np.repeat(np.arange(cells.size), cells.ravel())
    return np.unravel_index(places, cells.shape)


def drawn_tables(agreeing, groups, customers, number, seed=0):
    """Tables of a share of customers who keep their group and others who do not."""
    source = generator(seed)
    sizes = source.dirichlet(np.full(groups, 3.0), size=3)
    shares = agreeing * np.diag(sizes[0])
    shares += (1 - agreeing) * np.outer(sizes[1], sizes[2])
    return redrawn_shares(shares, customers, source, number)


def redrawn_shares(shares, customers, source, number):
    flat = source.multinomial(customers, shares.ravel(), size=number)
    return flat.reshape(number, *shares.shape)


@given(cells=tables)
@settings(deadline=None)
def test_the_indices_are_those_of_scikit_learn(cells):
    before, after = labels_of(cells)
    found = agreement(cells, generator(), draws=2)
    assert found.ari.value == pytest.approx(adjusted_rand_score(before, after))
    expected = adjusted_mutual_info_score(before, after)
    assert found.ami.value == pytest.approx(expected, abs=1e-9)


@given(cells=tables, seed=st.integers(0, 9))
@settings(deadline=None)
def test_neither_names_nor_order_nor_direction_matter(cells, seed):
    shuffle = generator(seed)
    other = shuffle.permutation(shuffle.permutation(cells, axis=0), axis=1)
    one, two, turned = (
        agreement(table, generator(), draws=2) for table in (cells, other, cells.T)
    )
    for found in (two, turned):
        assert found.ari.value == pytest.approx(one.ari.value)
        assert found.ami.value == pytest.approx(one.ami.value, abs=1e-9)


@given(cells=tables)
@settings(deadline=None)
def test_many_tables_are_each_as_one(cells):
    drawn = redrawn(cells, generator(), 5)
    assert (drawn.sum(axis=(1, 2)) == cells.sum()).all()
    assert (drawn[:, cells == 0] == 0).all()
    each = [float(adjusted_rand(table)) for table in drawn]
    assert adjusted_rand(drawn) == pytest.approx(each)
    each = [float(adjusted_information(table, 0.01)) for table in drawn]
    assert adjusted_information(drawn, 0.01) == pytest.approx(each)


@given(cells=tables, seed=st.integers(0, 9))
@settings(deadline=None)
def test_intervals_hold_the_value_and_come_again(cells, seed):
    assume(cells.sum() > 1)
    found = agreement(cells, generator(seed))
    assert found == agreement(cells, generator(seed))
    for estimate in found:
        assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1


@pytest.mark.parametrize("agreeing", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("groups", [2, 8])
def test_intervals_hold_what_other_customers_would_give(agreeing, groups):
    """Nineteen of twenty intervals hold the mean index of as many customers."""
    tables = drawn_tables(agreeing, groups, customers=400, number=150)
    found = [agreement(table, generator(n)) for n, table in enumerate(tables)]
    for index in (0, 1):
        estimates = np.array([each[index] for each in found])
        truth = estimates[:, 0].mean()
        held = (estimates[:, 1] <= truth) & (truth <= estimates[:, 2])
        assert held.mean() >= 0.85


def test_without_the_shift_chance_would_look_like_agreement():
    """Redrawn customers meet themselves: unshifted draws all lie above the value."""
    cells = drawn_tables(0.0, 8, customers=400, number=1)[0]
    by_chance = expected_mutual_information(cells, int(cells.sum()))
    drawn = adjusted_information(redrawn(cells, generator(), 200), by_chance)
    found = agreement(cells, generator()).ami
    assert np.quantile(drawn, 0.025) > found.value
    assert found.low < found.value < found.high
    assert found.low < 0 < found.high


@pytest.mark.parametrize("agreeing", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("customers", [60, 1000])
def test_one_expected_information_serves_all_draws(agreeing, customers):
    """Bounds from each draw's own expected information are nearly the same."""
    cells = drawn_tables(agreeing, 5, customers, number=1)[0]
    found = agreement(cells, generator()).ami
    exact = []
    for drawn in redrawn(cells, generator(), 200):
        used = drawn[drawn.any(axis=1)][:, drawn.any(axis=0)]
        own = expected_mutual_information(used, customers)
        exact.append(float(adjusted_information(drawn, own)))
    shifted = np.array(exact) - np.mean(exact) + found.value
    bounds = np.quantile(shifted, [0.025, 0.975])
    assert [found.low, min(found.high, 1)] == pytest.approx(
        np.minimum(bounds, 1), abs=0.1 * (found.high - found.low) + 1e-9
    )


def test_more_customers_give_a_narrower_interval():
    shares = np.array([[0.4, 0.1], [0.1, 0.4]])
    widths = []
    for customers in (100, 10_000, 1_000_000):
        cells = np.rint(shares * customers).astype(int)
        ari = agreement(cells, generator()).ari
        widths.append(ari.high - ari.low)
    assert widths[0] > 5 * widths[1] > 25 * widths[2] > 0


def test_where_nothing_can_disagree_there_is_agreement():
    for cells in (np.zeros((0, 0)), np.zeros((2, 3)), [[1]], [[0, 1], [0, 0]]):
        found = agreement(np.array(cells, dtype=int), generator())
        assert found.ari.value == found.ami.value == 1
        assert np.isnan([found.ari.low, found.ami.high]).all()
    one_group = agreement(np.array([[9]]), generator())
    assert one_group.ari == one_group.ami == (1, 1, 1)
    split = agreement(np.array([[5, 4]]), generator())
    assert split.ari.value == split.ami.value == 0


def test_a_million_customers_do_not_overflow():
    cells = np.array([[4_000_000, 500_000], [500_000, 5_000_000]])
    by_hand = 1 - 2 * 0.1 * 0.9 / 0.5
    assert agreement(cells, generator(), 20).ari.value == pytest.approx(by_hand, 0.02)


def test_jaccards_by_hand():
    """Sizes before 5 and 4, after 4 and 5: 3 of 6 in the first pair, 3 of 6 next."""
    cells = np.array([[3, 2], [1, 3]])
    first, second, other = jaccards(cells, [(0, 0), (1, 1), (0, 1)], generator())
    assert first.value == 3 / 6
    assert second.value == 3 / 6
    assert other.value == 2 / 8
    assert 0 <= first.low < first.value < first.high <= 1
    assert jaccards(cells, [], generator()) == []
    (empty,) = jaccards(np.zeros((1, 1), dtype=int), [(0, 0)], generator())
    assert np.isnan(empty).all()


@given(cells=tables, seed=st.integers(0, 9))
@settings(deadline=None)
def test_shares_lie_between_their_bounds(cells, seed):
    least = min(cells.shape)
    pairs = np.repeat(np.arange(least)[:, None], 2, axis=1)
    share, chance = stay_share(cells, pairs, generator(seed))
    found = [share, *jaccards(cells, pairs, generator(seed))]
    for value, low, high in found:
        assert np.isnan(value) or 0 <= low <= value <= high <= 1
    assert np.isnan(chance) == (cells.sum() == 0)
    assert np.isnan(chance) or 0 <= chance <= 1


def test_stay_share_intervals_hold_the_true_share():
    shares = np.array([[0.5, 0.1], [0.1, 0.3]])
    pairs = [(0, 0), (1, 1)]
    tables = redrawn_shares(shares, 300, generator(), 200)
    found = [stay_share(t, pairs, generator(n)) for n, t in enumerate(tables)]
    held = [share.low <= 0.8 <= share.high for share, _ in found]
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean([chance for _, chance in found]) == pytest.approx(0.52, abs=0.01)


def test_jaccard_intervals_hold_the_true_share():
    shares = np.array([[0.5, 0.1], [0.1, 0.3]])
    tables = redrawn_shares(shares, 300, generator(), 200)
    found = [jaccards(t, [(1, 1)], generator(n))[0] for n, t in enumerate(tables)]
    assert 0.9 <= np.mean([each.low <= 0.6 <= each.high for each in found]) <= 0.99


def test_chance_keeps_what_sizes_keep():
    cells = np.array([[3, 2], [1, 3]])
    share, chance = stay_share(cells, [(0, 0), (1, 1)], generator())
    assert share.value == pytest.approx(6 / 9)
    assert chance == pytest.approx((5 * 4 + 4 * 5) / 81)
    assert stay_share(cells, [], generator()) == ((0, 0, 0), 0)


def test_groups_are_matched_by_their_customers():
    cells = np.array([[0, 0, 30], [25, 1, 2], [3, 20, 0]])
    assert match(cells).tolist() == [[0, 2], [1, 0], [2, 1]]
    assert match(cells[:, :2]).tolist() == [[1, 0], [2, 1]]
    assert match(cells.T[:2]).tolist() == [[0, 1], [1, 2]]


def test_a_forbidden_pair_does_not_displace_an_allowed_one():
    """Jaccards 0.56 for the first pair, 0.29 for each of the two across it."""
    cells = np.array([[40, 16], [16, 0]])
    assert match(cells, least=0.2).tolist() == [[0, 1], [1, 0]]
    assert match(cells, least=0.3).tolist() == [[0, 0]]


def test_nothing_is_matched_under_the_least():
    assert match(np.full((4, 4), 10)).tolist() == []
    assert match(np.zeros((2, 2), dtype=int), least=0).tolist() == []
    assert match(np.zeros((0, 3), dtype=int)).shape == (0, 2)
    assert match(np.array([[7]])).tolist() == [[0, 0]]


def test_ties_keep_the_order():
    assert match(np.array([[1, 2], [1, 2]]), 0.1).tolist() == [[0, 0], [1, 1]]
    assert match(np.full((3, 3), 10), least=0.1).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert match(np.full((2, 3), 10), least=0.1).tolist() == [[0, 0], [1, 1]]
    assert match(np.full((3, 2), 10), least=0.1).tolist() == [[0, 0], [1, 1]]


@given(cells=tables, least=st.sampled_from([0.0, 0.1, 0.3]), seed=st.integers(0, 9))
@settings(deadline=None)
def test_a_match_is_one_to_one_and_the_best(cells, least, seed):
    pairs = match(cells, least)
    for side in (0, 1):
        assert len(set(pairs[:, side])) == len(pairs)
    values = [each.value for each in jaccards(cells, pairs, generator(), 1)]
    assert all(value >= least and value > 0 for value in values)
    order = generator(seed).permutation(cells.shape[1])
    again = match(cells[:, order], least)
    again[:, 1] = order[again[:, 1]]
    other = [each.value for each in jaccards(cells, again, generator(), 1)]
    assert sum(values) == pytest.approx(sum(other))
