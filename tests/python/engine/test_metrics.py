"""Distances against a plain loop and against tslearn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import nan_euclidean_distances

from trajectories.metrics import (
    band_radius,
    cdist_dtw,
    cdist_euclidean,
    check_series,
    distances,
    dtw,
)


def plain_dtw(a, b, radius):
    """The textbook recursion; the band is widened by the difference in length."""
    n, m = len(a), len(b)
    cost = np.full((n + 1, m + 1), np.inf)
    cost[0, 0] = 0
    for i in range(n):
        for j in range(m):
            low, high = (i - j, j - i) if n <= m else (j - i, i - j)
            if low <= radius and high <= abs(n - m) + radius:
                square = ((a[i] - b[j]) ** 2).sum()
                least = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
                cost[i + 1, j + 1] = square + least
    return np.sqrt(cost[n, m])


@st.composite
def pairs(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    features = draw(st.integers(1, 4))
    lengths = draw(st.integers(1, 25)), draw(st.integers(1, 25))
    scale = draw(st.sampled_from([0.0, 1e-6, 1.0, 1e6]))
    return [generator.normal(size=(n, features)) * scale for n in lengths]


@given(pairs(), st.one_of(st.none(), st.integers(0, 10)))
@settings(max_examples=80, deadline=None)
def test_dtw_equals_the_plain_loop(pair, radius):
    a, b = pair
    expected = plain_dtw(a, b, max(len(a), len(b)) if radius is None else radius)
    assert dtw(a, b, radius) == pytest.approx(expected, rel=1e-9)
    assert dtw(b, a, radius) == pytest.approx(expected, rel=1e-9)


@given(pairs(), st.one_of(st.none(), st.integers(0, 10)))
@settings(max_examples=30, deadline=None)
def test_dtw_equals_tslearn(pair, radius):
    from tslearn.metrics import dtw as oracle

    band = {}
    if radius is not None:
        band = {"global_constraint": "sakoe_chiba", "sakoe_chiba_radius": radius}
    assert dtw(*pair, radius) == pytest.approx(oracle(*pair, **band), rel=1e-7)


def test_padding_does_not_count_and_threads_do_not_matter():
    generator = np.random.default_rng(1)
    X = generator.normal(size=(30, 9, 2))
    X[::3, 5:] = np.nan
    between = cdist_dtw(X, X, 2)
    assert between[0, 3] == pytest.approx(plain_dtw(X[0, :5], X[3, :5], 2))
    np.testing.assert_array_equal(between, cdist_dtw(X, X, 2, n_jobs=-1))
    np.testing.assert_allclose(between, between.T)
    assert not between.diagonal().any()


def test_dtw_without_room_to_warp_is_euclidean():
    X = np.random.default_rng(2).normal(size=(10, 8, 3))
    np.testing.assert_allclose(cdist_dtw(X, X, 0), cdist_euclidean(X, X), atol=1e-7)


def test_euclidean_over_shared_steps_is_scaled_up():
    X = np.random.default_rng(3).normal(size=(12, 6, 2))
    X[::2, 4:] = np.nan
    expected = nan_euclidean_distances(X.reshape(12, -1))
    np.testing.assert_allclose(cdist_euclidean(X, X.copy()), expected, atol=1e-6)


def test_window_is_steps_or_a_share():
    assert band_radius(None, 90) == 90
    assert band_radius(5, 90) == 5
    assert band_radius(0.05, 90) == 5
    with pytest.raises(ValueError, match="A share lies between 0 and 1"):
        band_radius(5.0, 90)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(3), "shape"),
        (np.full((1, 2, 1), np.inf), "infinite"),
        (np.array([[[np.nan], [1.0]]]), "no first step"),
        (np.array([[[1.0], [np.nan], [1.0]]]), "gap"),
        (np.array([[[1.0, np.nan]]]), "lacks others"),
    ],
)
def test_what_is_no_series_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        check_series(X)


def test_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="metric is 'cosine'"):
        distances(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), "cosine")
