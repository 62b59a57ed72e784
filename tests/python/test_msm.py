"""Move-split-merge against its formulae and against aeon."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from trajectories.engine.medoids import fit_medoids
from trajectories.metrics import cdist_msm


def edit_cost(x, y, z, c):
    """Formula 3 of Stefan et al. 2013; with several features as aeon has it."""
    if len(x) == 1:
        if y[0] <= x[0] <= z[0] or y[0] >= x[0] >= z[0]:
            return c
        return c + min(abs(x[0] - y[0]), abs(x[0] - z[0]))
    middle, diameter = (y + z) / 2, ((y - z) ** 2).sum()
    if ((middle - x) ** 2).sum() <= diameter / 4:
        return c
    return c + min(((y - x) ** 2).sum(), ((z - x) ** 2).sum())


def plain_msm(x, y, radius, c):
    """Formulae 1 and 2, cell by cell; the band as that of DTW."""
    n, m = len(x), len(y)
    total = np.full((n, m), np.inf)
    for i in range(n):
        for j in range(m):
            if not -radius - max(n - m, 0) <= j - i <= radius + max(m - n, 0):
                continue
            apart = np.abs(x[i] - y[j]) if len(x[i]) == 1 else (x[i] - y[j]) ** 2
            ways = [apart.sum()] if i == j == 0 else []
            if i and j:
                ways.append(total[i - 1, j - 1] + apart.sum())
            if i:
                ways.append(total[i - 1, j] + edit_cost(x[i], x[i - 1], y[j], c))
            if j:
                ways.append(total[i, j - 1] + edit_cost(y[j], x[i], y[j - 1], c))
            total[i, j] = min(ways)
    return total[-1, -1]


def padded(series):
    """Series of different lengths as one NaN-padded array."""
    X = np.full((len(series), max(map(len, series)), series[0].shape[1]), np.nan)
    for row, one in enumerate(series):
        X[row, : len(one)] = one
    return X


def made(number, steps, features):
    """A series of quarters, full of ties, that any library can be given."""
    i, f = np.arange(steps)[:, None], np.arange(features)[None]
    return ((7 * i * i + 13 * number + 5 * f * i) % 11 - 5) / 4


@st.composite
def datasets(draw):
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    features = draw(st.integers(1, 4))
    scale = draw(st.sampled_from([0.0, 1e-9, 1.0, 1e6, 1e12]))
    lengths = draw(st.lists(st.integers(1, 20), min_size=2, max_size=11))
    return [generator.normal(size=(n, features)) * scale for n in lengths]


@given(datasets(), st.none() | st.integers(0, 8), st.sampled_from([0.0, 0.1, 1.0, 3]))
@settings(max_examples=60, deadline=None)
def test_msm_equals_the_formulae(series, window, cost):
    radius = 20 if window is None else window
    found = cdist_msm(padded(series[:2]), padded(series), window, cost)
    for i, a in enumerate(series[:2]):
        for j, b in enumerate(series):
            expected = plain_msm(a, b, radius, cost)
            assert found[i, j] == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("steps", "features", "window", "cost", "expected"),
    [
        ((12, 12), 1, None, 1.0, 11.5),
        ((12, 12), 1, 3, 0.5, 10.25),
        ((12, 7), 1, None, 0.1, 5.15),
        ((12, 12), 3, None, 1.0, 33.0625),
        ((12, 12), 3, 3, 0.5, 31.0),
        ((9, 12), 3, None, 2.0, 34.5),
        ((12, 12), 2, None, 0.1, 16.3),
    ],
)
def test_msm_equals_aeons_values(steps, features, window, cost, expected):
    """As aeon 1.6.0 gives them: ``msm_distance(a.T, b.T, window, independent, c)``.

    ``independent`` is true with one feature and false with several; its window is
    the share 0.25 of 12 steps where it is 3 here.
    """
    a, b = made(1, steps[0], features), made(2, steps[1], features)
    assert cdist_msm(a[None], b[None], window, cost)[0, 0] == pytest.approx(expected)


@given(datasets(), st.booleans(), st.sampled_from([0.0, 0.5, 2.0]))
@settings(max_examples=30, deadline=None)
def test_msm_equals_aeon_itself(series, banded, cost):
    aeon = pytest.importorskip("aeon.distances", reason="aeon is not installed")
    if banded:  # aeon tilts the band when lengths differ
        series = [one[: min(map(len, series))] for one in series]
    features, steps = series[0].shape[1], max(map(len, series))
    found = cdist_msm(
        padded(series), padded(series), steps // 5 if banded else None, cost
    )
    for i, a in enumerate(series):
        for j, b in enumerate(series):
            window = (steps // 5 + 0.5) / steps if banded else None
            expected = aeon.msm_distance(
                a.T.copy(), b.T.copy(), window, independent=features == 1, c=cost
            )
            assert found[i, j] == pytest.approx(expected, rel=1e-9)


@given(datasets())
@settings(max_examples=30, deadline=None)
def test_msm_of_one_feature_is_a_metric(series):
    X = padded([one[:, :1] for one in series])
    found = cdist_msm(X, X, cost=0.5)
    np.testing.assert_array_equal(found, found.T)
    assert not found.diagonal().any()
    assert (found[~np.eye(len(X), dtype=bool)] > 0).all() or not np.nanmax(np.abs(X))
    around = (found[:, :, None] + found[None, :, :]).min(axis=1)
    assert (found <= around * (1 + 1e-12)).all()


def test_a_right_angle_counts_as_between():
    """A step on the sphere's edge costs c alone, however the numbers are rounded."""
    x = np.array([[[0.1, 0.0], [0.0, 0.0]]])
    y = np.array([[[0.0, 0.3]]])
    assert cdist_msm(x, y)[0, 0] == pytest.approx(0.1**2 + 0.3**2 + 1, rel=1e-12)


@pytest.mark.parametrize("features", [1, 3])
def test_padding_threads_and_neighbours_do_not_matter(features):
    X = np.random.default_rng(1).normal(size=(150, 9, features))
    X[::3, 5:], X[1::5, 1:] = np.nan, np.nan
    found = cdist_msm(X, X.copy(), 2)
    np.testing.assert_array_equal(found, cdist_msm(X, X.copy(), 2, n_jobs=-1))
    np.testing.assert_allclose(found, cdist_msm(X, X, 2, n_jobs=-1), rtol=1e-14)
    alone = [[cdist_msm(a[None], b[None], 2)[0, 0] for b in X] for a in X[:4]]
    np.testing.assert_array_equal(found[:4], alone)


def test_single_precision_series_are_compared_in_double():
    X = np.random.default_rng(2).normal(size=(9, 7, 2)).astype(np.float32)
    np.testing.assert_array_equal(
        cdist_msm(X, X[:4]), cdist_msm(X.astype(float), X[:4])
    )


def test_msm_counts_what_it_edits():
    """One step more at the same value is one split; a move costs its way."""
    flat, longer = np.full((1, 5, 1), 7.0), np.full((1, 6, 1), 7.0)
    assert cdist_msm(flat, longer, cost=0.25)[0, 0] == 0.25
    assert cdist_msm(flat, flat + 0.5, cost=0.25)[0, 0] == 2.5
    assert cdist_msm(flat, flat + 0.5, window=0)[0, 0] == 2.5


def test_unusable_costs_and_features_are_refused():
    X = np.zeros((2, 3, 1))
    for cost in (-1, np.inf, np.nan):
        with pytest.raises(ValueError, match="Give a number from 0 up"):
            cdist_msm(X, X, cost=cost)
    with pytest.raises(ValueError, match="1 and 2 features"):
        cdist_msm(X, np.zeros((2, 3, 2)))


# -- K-medoids under MSM -------------------------------------------------------


def planted(customers=90, steps=30):
    """Three rhythms, each shifted and stretched a little; labels and series."""
    generator = np.random.default_rng(3)
    labels = np.arange(customers) % 3
    starts = np.array([4, 12, 20])[labels] + generator.integers(-1, 2, customers)
    at = np.arange(steps)[None] - starts[:, None]
    X = 3.0 * ((at >= 0) & (at < 4 + generator.integers(0, 2, (customers, 1))))
    return (X + generator.normal(0, 0.05, X.shape))[:, :, None], labels


def test_medoids_under_msm_find_planted_rhythms_and_repeat():
    X, labels = planted()
    distances = cdist_msm(X, X, 0.1, 0.5)
    rows, inertia, iterations = fit_medoids(distances, 3, 3, random_state=0)
    assert adjusted_rand_score(labels, distances[:, rows].argmin(axis=1)) == 1.0
    again = fit_medoids(distances, 3, 3, random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(rows, again[0])
    assert (inertia, iterations) == again[1:]
