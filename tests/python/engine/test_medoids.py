"""K-medoids against every swap and every choice."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from trajectories.engine.medoids import LARGEST_SAMPLE, fit_medoids


def inertia_of(distances, rows):
    return distances[:, list(rows)].min(axis=1).mean()


@st.composite
def tiny_samples(draw):
    """Distances of up to nine points on a coarse grid, so that many are equal."""
    points = draw(st.lists(st.tuples(*[st.integers(0, 4)] * 2), min_size=1, max_size=9))
    scale = draw(st.sampled_from([1e-9, 1.0, 1e12]))
    apart = np.array(points)[:, None] - np.array(points)[None]
    return np.abs(apart).sum(axis=2) * scale


@given(tiny_samples(), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
@pytest.mark.filterwarnings("ignore:Only .* of the series differ")
def test_no_swap_of_a_medoid_helps(distances, clusters, seed):
    clusters = min(clusters, len(distances))
    rows, inertia, iterations = fit_medoids(distances, clusters, random_state=seed)
    assert inertia == pytest.approx(inertia_of(distances, rows))
    assert 1 <= iterations <= 100
    distinct = len(np.unique(distances, axis=0))
    assert len(rows) == min(clusters, distinct)
    labels = distances[:, rows].argmin(axis=1)
    assert (np.bincount(labels, minlength=len(rows)) > 0).all()
    for out in rows:
        for candidate in range(len(distances)):
            swapped = [candidate if row == out else row for row in rows]
            assert inertia_of(distances, swapped) >= inertia * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_medoids_are_the_best_of_all_choices(seed):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(generator.integers(4, 10), 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    clusters = int(generator.integers(1, 4))
    _, inertia, _ = fit_medoids(distances, clusters, n_init=10, random_state=0)
    choices = combinations(range(len(points)), clusters)
    best = min(inertia_of(distances, choice) for choice in choices)
    assert inertia == pytest.approx(best)


def test_passes_are_bounded_and_repeat():
    points = np.random.default_rng(5).normal(size=(200, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    fits = [
        fit_medoids(distances, 8, 3, random_state=state)
        for state in (7, np.random.RandomState(7))
    ]
    np.testing.assert_array_equal(fits[0][0], fits[1][0])
    assert fits[0][1:] == fits[1][1:]
    once = fit_medoids(distances, 8, max_iter=1, random_state=0)
    assert once[2] == 1
    assert fit_medoids(distances, 8, random_state=0)[1] < once[1]


def test_too_few_different_series_give_fewer_medoids():
    distances = np.ones((6, 6)) - np.kron(np.eye(2), np.ones((3, 3)))
    with pytest.warns(ConvergenceWarning, match="Only 2 of the series differ"):
        rows, inertia, _ = fit_medoids(distances, 4, random_state=0)
    assert len(rows) == 2
    assert inertia == 0


@pytest.mark.parametrize(
    ("distances", "message"),
    [
        (np.zeros((2, 3)), r"shape \(2, 3\)"),
        (np.zeros((LARGEST_SAMPLE + 1,) * 2), "draw a sample first"),
        (np.zeros((2, 2)), "3 clusters were asked of 2 series"),
        (np.full((3, 3), -1.0), "negative, infinite or missing"),
        (np.full((3, 3), np.nan), "negative, infinite or missing"),
        (np.ones((3, 3)), "away from itself"),
    ],
)
def test_unusable_distances_are_refused(distances, message):
    with pytest.raises(ValueError, match=message):
        fit_medoids(distances, 3)
