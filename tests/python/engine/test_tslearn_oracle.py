"""The compiled engine against tslearn: distances, barycentres, inertia, segments.

The alignment itself is not public; a barycentre step shows it, as each step of the
centre becomes the mean of what was aligned with it.
"""

from math import ceil

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from tslearn.barycenters.dba import dtw_barycenter_averaging_petitjean
from tslearn.clustering import TimeSeriesKMeans
from tslearn.metrics import dtw as tslearn_dtw

from trajectories.clustering import TrajectoryKMeans
from trajectories.engine.spaces import DtwSpace
from trajectories.metrics import band_radius, cdist_dtw, dtw

# How far compiled distances may be from tslearn's, as a share of the largest series
# (root of its summed squares about the mean of all): in the precision that centres
# are sought in, and in that of distances, labels and inertia.
SINGLE, DOUBLE = 1e-4, 1e-9
PRECISIONS = [(np.float32, SINGLE), (np.float64, DOUBLE)]

KINDS = {
    "noise": lambda generator, shape: generator.normal(size=shape),
    "walks": lambda generator, shape: generator.normal(size=shape).cumsum(axis=0),
    "zeros": lambda generator, shape: np.zeros(shape),
    "constants": lambda generator, shape: np.full(shape, generator.normal()),
    "ties": lambda generator, shape: generator.integers(0, 3, shape) * 1.0,
    "rare": lambda generator, shape: (
        generator.exponential(size=shape) * (generator.random(shape) < 0.1)
    ),
    "far from 0": lambda generator, shape: 1e4 + generator.normal(size=shape),
}
SCALES = [1e-9, 1.0, 1e6, 1e12]


@st.composite
def datasets(draw, kinds=tuple(KINDS), customers=(2, 5), longest=200, equal=False):
    """Series of one kind, size and number of features, of unequal length."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind, scale = KINDS[draw(st.sampled_from(kinds))], draw(st.sampled_from(SCALES))
    features, steps = draw(st.integers(1, 6)), draw(st.integers(1, longest))
    lengths = [steps] * draw(st.integers(*customers))
    if not equal:
        lengths = [draw(st.integers(1, steps)) for _ in lengths[1:]] + [steps]
    return [kind(generator, (n, features)) * scale for n in lengths]


RISING = np.arange(200.0)[:, None] * 1e12
windows = st.none() | st.integers(0, 20) | st.sampled_from([0.0, 0.05, 0.2, 1.0])


def padded(series):
    """Series of different lengths as one NaN-padded array."""
    X = np.full((len(series), max(map(len, series)), series[0].shape[1]), np.nan)
    for row, one in enumerate(series):
        X[row, : len(one)] = one
    return X


def size(series):
    """The root of the largest series' summed squares about the mean of all."""
    middle = np.concatenate(series).mean(axis=0)
    return max(np.linalg.norm(one - middle) for one in series)


def tslearn_band(window, steps):
    """Say to tslearn's public functions what the window says to ours."""
    if window is None:
        return {}
    radius = ceil(window * steps) if isinstance(window, float) else window
    return {"global_constraint": "sakoe_chiba", "sakoe_chiba_radius": radius}


# -- Distances -----------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@given(series=datasets(), window=windows)
@example(series=[np.zeros((1, 1)), np.ones((200, 1))], window=0)
@example(series=[RISING, RISING[::-1]], window=None)
@settings(max_examples=80, deadline=None)
def test_distances_are_tslearns(dtype, tolerance, series, window):
    X, others = padded(series), padded(series[:2])
    space = DtwSpace(X, band_radius(window, X.shape[1]), dtype=dtype)
    band = tslearn_band(window, X.shape[1])
    expected = [[tslearn_dtw(a, b, **band) for b in series[:2]] for a in series]
    found = space.to_paths(others)
    np.testing.assert_allclose(found, expected, 0, tolerance * size(series))
    assert found[0, 0] == found[1, 1] == 0
    if dtype == np.float64:
        np.testing.assert_array_equal(found, cdist_dtw(X, others, window))
    between = space.to_each_other()
    np.testing.assert_allclose(between[:, :2], found, 0, tolerance * size(series))


@given(datasets(customers=(2, 2)), windows)
@settings(max_examples=60, deadline=None)
def test_the_distance_of_two_is_tslearns(pair, window):
    expected = tslearn_dtw(*pair, **tslearn_band(window, max(map(len, pair))))
    assert dtw(*pair, window) == pytest.approx(expected, abs=DOUBLE * size(pair))
    assert dtw(*pair[::-1], window) == pytest.approx(dtw(*pair, window), rel=DOUBLE)


# -- Barycentres ---------------------------------------------------------------


def steps_from(series, start, window, dtype):
    """One barycentre step from ``start``: ours and tslearn's."""
    X = padded(series)
    radius = band_radius(window, X.shape[1])
    labels = np.zeros(len(X), dtype=int)
    _, _, moved = DtwSpace(X, radius, dtype=dtype).improve(start[None], labels)
    theirs = dtw_barycenter_averaging_petitjean(
        X,
        init_barycenter=start,
        max_iter=1,
        metric_params={"global_constraint": 2, "sakoe_chiba_radius": radius},
    )
    return moved[0], theirs


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@given(series=datasets(kinds=("noise", "walks", "far from 0")), window=windows)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_barycentre_step_is_tslearns(dtype, tolerance, series, window):
    """Where one alignment is clearly best; always the same examples.

    Two alignments may differ by less than rounding, and either is right then: see
    the test of inertia below.
    """
    ours, theirs = steps_from(series[:-1], series[-1], window, dtype)
    np.testing.assert_allclose(ours, theirs, 0, tolerance * size(series))


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@given(series=datasets(kinds=("zeros", "constants"), equal=True), window=windows)
@settings(max_examples=25, deadline=None)
def test_a_barycentre_step_of_constants_is_tslearns(dtype, tolerance, series, window):
    ours, theirs = steps_from(series[:-1], series[-1], window, dtype)
    np.testing.assert_allclose(ours, theirs, 0, tolerance * size(series))


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@given(series=datasets(), window=windows)
@settings(max_examples=50, deadline=None)
def test_a_barycentre_step_lowers_tslearns_inertia(dtype, tolerance, series, window):
    """Where alignments tie, each gives another step; none may make matters worse."""
    members, start = series[:-1], series[-1]
    ours, _ = steps_from(members, start, window, dtype)
    band = tslearn_band(window, len(start))
    before, after = (
        np.linalg.norm([tslearn_dtw(one, centre, **band) for one in members])
        for centre in (start, ours)
    )
    assert after <= before + tolerance * size(series)


# -- Clustering ----------------------------------------------------------------


def inertia_by_tslearn(series, centres, window):
    """Inertia of given centres as ``TimeSeriesKMeans`` has it, and its labels."""
    band = tslearn_band(window, max(map(len, series)))
    model = TimeSeriesKMeans(
        len(centres), metric="dtw", metric_params=band, init=centres, max_iter=1
    )
    return model.fit(padded(series)).inertia_


@given(datasets(customers=(4, 8), longest=60), st.integers(1, 3), windows)
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("ignore:Only .* of the series differ")
def test_inertia_is_tslearns(series, clusters, window):
    model = TrajectoryKMeans(clusters, window=window, max_iter=3, random_state=0)
    model.fit(padded(series))
    centres = model.cluster_centers_[np.unique(model.labels_)]
    expected = inertia_by_tslearn(series, centres, window)
    assume(np.isfinite(expected))  # tslearn fails where two centres are equally near
    assert np.sqrt(model.inertia_) == pytest.approx(
        np.sqrt(expected), abs=DOUBLE * size(series)
    )


@pytest.mark.parametrize("window", [None, 3])
def test_both_engines_find_the_same_segments(window):
    generator = np.random.default_rng(0)
    kinds, time = np.arange(30) % 3, np.arange(40)
    start = np.array([5, 15, 25])[kinds] + generator.integers(-1, 2, 30)
    X = np.array([0.5, 2.0, 4.0])[kinds, None] * (time >= start[:, None])
    X = (X + generator.normal(0, 0.05, X.shape))[:, :, None]
    X[::7, 36:] = np.nan
    labels = [
        TrajectoryKMeans(3, window=window, random_state=1, n_init=3, engine=engine)
        .fit(X)
        .labels_
        for engine in ("compiled", "tslearn")
    ]
    assert adjusted_rand_score(*labels) == 1.0
    assert adjusted_rand_score(kinds, labels[0]) == 1.0
