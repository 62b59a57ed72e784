"""The kernels: lanes, bounds, barycentres, and what their short cuts may not change."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajectories.engine import STAMP, _forget_other_kernels
from trajectories.engine.bounds import envelope, rest_bound, slack
from trajectories.engine.dtw import pack
from trajectories.engine.lloyd import improve, seed_centres, stretch
from trajectories.engine.passes import to_paths
from trajectories.engine.spaces import DtwSpace
from trajectories.metrics import cdist_dtw


@st.composite
def shops(draw, longest=40):
    """Series of (customers, steps, features), some shorter, at any scale."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    customers = draw(st.integers(1, 40))
    steps, features = draw(st.integers(1, longest)), draw(st.integers(1, 4))
    X = generator.normal(size=(customers, steps, features))
    X = X * draw(st.sampled_from([0.0, 1e-9, 1.0, 1e9]))
    X = X + draw(st.sampled_from([0.0, 1.0, 1e6]))
    if draw(st.booleans()):
        for series in X:
            series[generator.integers(1, steps + 1) :] = np.nan
    return X


radii = st.one_of(st.integers(0, 8), st.just(100))


def some_centres(X, clusters=3):
    return np.stack([stretch(series) for series in X[:clusters]])


@given(shops(), radii)
@settings(max_examples=60, deadline=None)
def test_float32_stays_within_its_bound(X, radius):
    """The bound is that of ``engine.dtw``, after shift and scale into -1 to 1."""
    centres = some_centres(X)
    exact = cdist_dtw(X, centres, radius)
    rounded = DtwSpace(X, radius).to_paths(centres)
    cells, features = 2 * X.shape[1], X.shape[2]
    unit = 2.0**-24
    reach = float((np.nanmax(X, axis=(0, 1)) - np.nanmin(X, axis=(0, 1))).max()) / 2
    values = 2 * unit * np.sqrt(cells * features) * max(reach, 1e-300)
    bound = (cells + features + 2) * unit * exact + values
    assert (np.abs(rounded - exact) <= 2 * bound).all()


@given(shops(), radii, st.sampled_from([np.float32, np.float64]))
@settings(max_examples=60, deadline=None)
def test_labels_are_those_without_short_cuts(X, radius, dtype):
    centres = some_centres(X)
    space = DtwSpace(X, radius, dtype=dtype)
    every = space.to_paths(centres)
    for start in range(len(centres)):
        labels, nearest, _ = space.improve(centres, np.full(len(X), start))
        np.testing.assert_array_equal(labels, every.argmin(axis=1))
        np.testing.assert_allclose(np.sqrt(nearest), every.min(axis=1), rtol=1e-12)


@given(shops(), radii)
@settings(max_examples=60, deadline=None)
def test_no_bound_lies_above_its_distance(X, radius):
    """Series by series, against a centre; from any step on it only gets less."""
    centre = some_centres(X, 1)
    steps, features = centre.shape[1:]
    exact = cdist_dtw(X, centre, radius)[:, 0] ** 2
    for row, length in enumerate((~np.isnan(X[:, :, 0])).sum(axis=1)):
        low, high = np.empty((2, length * features))
        block, rest = np.zeros((steps + 4) * features * 8), np.empty((steps + 5) * 8)
        pack(X[row : row + 1], length, block)
        envelope(centre.ravel(), steps, features, length, radius, low, high)
        rest_bound(block, length, features, low, high, rest)
        bounds = rest[: (length + 1) * 8 : 8]
        assert bounds[0] <= exact[row] * slack(np.float64, 2 * steps, features)
        assert (np.diff(bounds) <= 0).all()
        assert bounds[-1] == 0


def test_bounds_save_work_where_centres_are_far():
    """With centres far apart, the sweeps that are begun are the nearest ones'."""
    generator = np.random.default_rng(0)
    levels = 100.0 * np.repeat(np.arange(4), 16)[:, None, None]
    X = generator.normal(size=(64, 20, 1)) + levels
    centres = np.ascontiguousarray(X[::16])
    lengths, limits = np.full(64, 20), np.full(64, np.inf)
    out = np.empty((64, 4))
    likely = np.repeat(np.arange(4), 16)
    possible, begun, finished = to_paths(
        X, lengths, centres, lengths[:4], 3, limits, likely, 1.0, out
    )
    assert possible == 4 * 8  # eight blocks of eight lanes
    assert begun == finished == 8
    np.testing.assert_array_equal(out.argmin(axis=1), likely)


def plain_barycentre(X, centre, radius):
    """Align each series with the centre and average, in plain Python."""
    sums, counts = np.zeros_like(centre), np.zeros(len(centre))
    for padded in X:
        series = padded[~np.isnan(padded[:, 0])]
        n, m = len(series), len(centre)
        cost = np.full((n + 1, m + 1), np.inf)
        cost[0, 0] = 0
        for i in range(n):
            for j in range(max(0, i - radius), min(m, i + m - n + radius + 1)):
                least = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
                cost[i + 1, j + 1] = ((series[i] - centre[j]) ** 2).sum() + least
        i, j = n, m
        while (i, j) != (0, 0):
            sums[j - 1] += series[i - 1]
            counts[j - 1] += 1
            ways = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
            i, j = min(ways, key=lambda way: cost[way] if min(way) >= 0 else np.inf)
    return sums / counts[:, None]


@given(shops(longest=15), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_a_barycentre_step_is_the_textbooks(X, radius):
    # Away from the series: where two ways cost the same, rounding decides.
    noise = np.random.default_rng(7).normal(size=(1, *X.shape[1:]))
    centre = some_centres(X, 1) + np.nanstd(X) * noise
    space = DtwSpace(X, radius, dtype=np.float64)
    _, _, moved = space.improve(centre, np.zeros(len(X), int))
    plain = plain_barycentre(X, centre[0], radius)
    np.testing.assert_allclose(moved[0], plain, rtol=1e-9, atol=1e-12)


@given(shops(), radii)
@settings(max_examples=40, deadline=None)
def test_a_barycentre_step_never_raises_the_sum_of_squares(X, radius):
    centre = some_centres(X, 1)
    before = (cdist_dtw(X, centre, radius) ** 2).sum()
    space = DtwSpace(X, radius, dtype=np.float64)
    _, _, moved = space.improve(centre, np.zeros(len(X), int))
    after = (cdist_dtw(X, moved, radius) ** 2).sum()
    assert after <= before * (1 + 1e-9) + 1e-18 * np.nanmax(np.abs(X)) ** 2


def test_a_distance_between_all_is_the_distance_between_two():
    generator = np.random.default_rng(3)
    X = generator.normal(size=(37, 11, 2))
    X[::4, 6:] = np.nan
    np.testing.assert_array_equal(cdist_dtw(X, X, 2), cdist_dtw(X, X.copy(), 2))


def test_large_values_with_small_differences_keep_their_clusters():
    """1e7 apart in level, 1 in shape: plain float32 could not see the shape."""
    generator = np.random.default_rng(4)
    shape = np.repeat(np.array([[0.0, 1, 0, 1], [1, 0, 1, 0]]), 20, axis=0)
    X = (1e7 + shape + generator.normal(0, 0.05, shape.shape))[:, :, None]
    labels, _ = DtwSpace(X, 0).nearest(X[[0, 39]])
    np.testing.assert_array_equal(labels, np.repeat([0, 1], 20))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e12, 1e30])
def test_tiny_and_huge_values_keep_their_clusters(scale, dtype):
    X = np.array([0.0, 0.1, 5.0, 5.1])[:, None, None] * np.ones((1, 9, 2)) * scale
    space = DtwSpace(X.astype(dtype), 2)
    labels, _, moved = space.improve(X[[0, 3]], np.zeros(4, int))
    np.testing.assert_array_equal(labels, [0, 0, 1, 1])
    np.testing.assert_allclose(moved[:, 0, 0] / scale, [0.05, 5.05], atol=3e-6)


def test_an_empty_cluster_starts_anew_at_the_farthest_series():
    X = np.array([0.0, 0.1, 0.2, 5.0])[:, None, None] * np.ones((1, 6, 1))
    lost = np.stack([X[1], X[1] + 1e6])  # the second is nobody's
    inertia, centres, _ = improve(DtwSpace(X, 2), lost, max_iter=10, tol=0.0)
    assert sorted(centres[:, 0, 0].round(3)) == [0.1, 5.0]
    assert inertia < 0.1


def test_seeds_are_series_far_from_each_other():
    X = np.repeat([0.0, 10.0, 20.0], 20)[:, None, None] * np.ones((1, 5, 1))
    seeds = seed_centres(DtwSpace(X, 1), 3, np.random.RandomState(0))
    assert sorted(seeds[:, 0, 0]) == [0.0, 10.0, 20.0]


def test_no_result_depends_on_threads():
    generator = np.random.default_rng(6)
    X = generator.normal(size=(2000, 15, 1)).astype(np.float32)
    centres = X[:5].astype(float)
    passes = [
        DtwSpace(X, 3, n_jobs).improve(centres, np.zeros(2000, int))
        for n_jobs in (1, 2, -1)
    ]
    for other in passes[1:]:
        for one, two in zip(passes[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_kernels_of_other_sources_are_forgotten(tmp_path):
    source, kept = tmp_path / "a.py", tmp_path / "kept"
    source.write_text("one")
    _forget_other_kernels(tmp_path, kept)
    kernels = [kept / "a.nbi", kept / "a.1.nbc"]
    for kernel in kernels:
        kernel.touch()
    os.utime(source, (2**31, 2**31))  # touched, not changed
    _forget_other_kernels(tmp_path, kept)
    assert all(kernel.exists() for kernel in kernels)
    source.write_text("two")
    os.utime(source, (0, 0))  # changed, and looks older
    _forget_other_kernels(tmp_path, kept)
    assert not any(kernel.exists() for kernel in kernels)
    assert (kept / STAMP).exists()


def test_kernels_of_another_processor_are_not_run(tmp_path):
    """Numba keeps them beside each other: each processor compiles its own once."""
    code = (
        "import numpy as np; from trajectories.engine import euclid;"
        "one = np.ones((1, 3)); n = np.array([3]);"
        "print(euclid.squares_between(one, n, 2 * one, n)[0, 0]);"
        "stats = euclid.squares_between.stats;"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))"
    )
    said = []
    for name in ("", "generic", "generic", ""):
        own = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""} if name else {}
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)} | own
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(ran.stdout.split())
    assert said == [["3.0", *counts] for counts in ("01", "01", "10", "10")]
