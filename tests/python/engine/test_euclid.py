"""Compiled Euclidean k-means against scikit-learn and against plain Lloyd steps."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.pairwise import nan_euclidean_distances

from trajectories.clustering import TrajectoryKMeans
from trajectories.engine import euclid
from trajectories.engine.spaces import points_of


def ragged(seed, customers=80, steps=7, features=2):
    """Series of which some end early, in clumps."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(customers, steps, features))
    X += 4 * generator.integers(0, 3, customers)[:, None, None]
    for row in range(0, customers, 3):
        X[row, generator.integers(1, steps + 1) :] = np.nan
    return X


@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_whole_points_move_as_scikit_learn_moves_them(seed, k, moves):
    flat = np.random.default_rng(seed).gamma(0.5, size=(70, 10))
    found, _ = euclid.improve(flat, np.full(70, 10), flat[:k], moves, 1e-6)
    theirs = KMeans(k, init=flat[:k], n_init=1, max_iter=moves, tol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(flat)
    np.testing.assert_allclose(found, theirs.cluster_centers_, atol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_whole_series_are_clustered_as_scikit_learn_clusters_them(seed):
    """Not for any seed: candidates that lower inertia alike are told by rounding."""
    X = np.random.default_rng(seed).gamma(0.5, size=(300, 5, 2))
    most = {"n_init": 3, "random_state": seed, "tol": 1e-6}
    ours = TrajectoryKMeans(6, "euclidean", **most).fit(X)
    theirs = KMeans(6, **most).fit(X.reshape(len(X), -1))
    assert adjusted_rand_score(ours.labels_, theirs.labels_) == 1.0
    assert ours.inertia_ == pytest.approx(theirs.inertia_ / len(X))


def plain_lloyd(flat, centres, moves):
    """Measure every point in every pass; None once a cluster is empty."""
    there = ~np.isnan(flat)
    weights = there * (flat.shape[1] / there.sum(axis=1, keepdims=True))
    labels = np.full(len(flat), -1)
    for _ in range(moves):
        found = nan_euclidean_distances(flat, centres).argmin(axis=1)
        if (found == labels).all():
            break
        if len(np.unique(found)) < len(centres):
            return None
        labels, moved = found, centres.copy()
        for cluster in range(len(centres)):
            mine = labels == cluster
            mass = weights[mine].sum(axis=0)
            sums = (np.nan_to_num(flat[mine]) * weights[mine]).sum(axis=0)
            moved[cluster] = np.where(
                mass > 0, sums / np.where(mass > 0, mass, 1), centres[cluster]
            )
        centres = moved
    return centres


@given(st.integers(0, 2**31), st.integers(2, 6))
@settings(max_examples=200, deadline=None)
def test_points_that_are_left_out_would_not_have_moved(seed, k):
    flat, present = points_of(ragged(seed))
    start = flat[present == flat.shape[1]][:k]
    expected = plain_lloyd(flat, start, 40)
    if expected is not None:  # else a cluster was filled anew
        found, _ = euclid.improve(flat, present, start, 40, 0.0)
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_move_never_raises_inertia():
    flat, present = points_of(ragged(3, customers=300))
    everything = np.full(5, flat.shape[1])
    centres, before = flat[present == flat.shape[1]][:5], np.inf
    for _ in range(12):
        now = euclid.squares_between(flat, present, centres, everything).min(axis=1)
        assert now.mean() <= before + 1e-12
        before = now.mean()
        centres, _ = euclid.improve(flat, present, centres, 1, 0.0)


def test_an_empty_cluster_takes_the_farthest_point():
    flat = np.array([0.0, 0.1, 0.2, 5.0])[:, None] * np.ones((1, 6))
    lost = np.stack([flat[1], flat[1] + 1e6])  # the second is nobody's
    centres, _ = euclid.improve(flat, np.full(4, 6), lost, 10, 0.0)
    assert sorted(centres[:, 0].round(3)) == [0.1, 5.0]


def test_a_step_that_no_member_has_keeps_its_centre():
    flat = np.array([[0.0, 1.0, np.nan], [0.0, 3.0, np.nan], [9.0, 9.0, 9.0]])
    start = np.array([[0.0, 0.0, 7.0], [9.0, 9.0, 9.0]])
    centres, moves = euclid.improve(flat, np.array([2, 2, 3]), start, 10, 0.0)
    np.testing.assert_allclose(centres, [[0.0, 2.0, 7.0], [9.0, 9.0, 9.0]])
    assert moves == 1


def test_seeds_are_points_far_from_each_other():
    flat = np.repeat([0.0, 10.0, 20.0], 20)[:, None] * np.ones((1, 5))
    for first, draws in enumerate(np.random.default_rng(0).random((20, 2, 3))):
        rows = euclid.seed(flat, np.full(60, 5), 3, first, draws)
        assert sorted(flat[rows, 0]) == [0.0, 10.0, 20.0]


def test_different_points_are_counted_up_to_enough():
    flat = np.array([[1.0, 2.0], [1.0, np.nan], [1.0, 2.0], [1.0, 3.0]])
    present = np.array([2, 1, 2, 2])
    assert euclid.count_different(flat, present, 9) == 3
    assert euclid.count_different(flat, present, 2) == 2
    assert euclid.count_different(flat[[0, 2]], present[[0, 2]], 2) == 1


def test_squares_depend_on_their_own_two_series_alone():
    X = ragged(5, customers=40)
    every = euclid.squares(X, X)
    np.testing.assert_array_equal(every[:7], euclid.squares(X[:7], X))
    np.testing.assert_array_equal(every[:, 9:12], euclid.squares(X, X[9:12], 2))
    expected = nan_euclidean_distances(X.reshape(len(X), -1), squared=True)
    np.testing.assert_allclose(every, expected, atol=1e-9)


def lloyd_that_fills(points, centres, moves):
    """Measure every whole point; an empty cluster takes the farthest one."""
    every = np.arange(len(points))
    for _ in range(moves):
        squares = ((points[:, None] - centres) ** 2).sum(axis=2)
        labels = squares.argmin(axis=1)
        for cluster in range(len(centres)):
            members = np.bincount(labels, minlength=len(centres))
            if not members[cluster]:
                own = np.where(members[labels] > 1, squares[every, labels], -1)
                labels[own.argmax()] = cluster
        means = [points[labels == k].mean(axis=0) for k in range(len(centres))]
        centres = np.stack(means)
    return centres


# In the last two a point that filled a cluster goes back to where it came from.
@pytest.mark.parametrize(
    ("seed", "shape", "starts"),
    [(seed, (600, 3), list(range(12))) for seed in range(4)]
    + [(seed, (40, 2), [0, 1, 2] * 2) for seed in (2865, 3774)],
)
def test_bounds_hold_where_points_lie_close(seed, shape, starts):
    points = np.random.default_rng(seed).random(shape)
    present = np.full(len(points), shape[1])
    for moves in (1, 2, 5, 12, 25):
        found, _ = euclid.improve(points, present, points[starts], moves, 0.0)
        expected = lloyd_that_fills(points, points[starts], moves)
        np.testing.assert_allclose(found, expected)
