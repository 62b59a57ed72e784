"""Numbers for life go on with the customers; where these hardly tell, the likest do."""

from __future__ import annotations

import numpy as np
import pytest

from trajectories.segments.agreement import NEAR_TIE, jaccards
from trajectories.segments.registry import number_segments

# The champions of a year's first half against a map of December: 296 of them are now
# with the newcomers (Jaccard 0.447), 267 are the champions of today (0.427).
CELLS = np.array([[296, 267, 37], [62, 25, 900]])
ALIKE = np.array([[3.0, 0.5, 4.0], [4.0, 5.0, 0.4]])


def overlap(row: int, column: int) -> float:
    (found,) = jaccards(CELLS, [(row, column)], np.random.default_rng(1), 1)
    return found.value


def test_champions_stay_the_segment_that_they_were():
    assert overlap(0, 0) == pytest.approx(0.447, abs=0.001)
    assert overlap(0, 1) == pytest.approx(0.427, abs=0.001)
    assert number_segments(CELLS, [1, 2], 2) == [1, 3, 2]
    assert number_segments(CELLS, [1, 2], 2, distances=ALIKE) == [3, 1, 2]


def test_customers_decide_where_they_tell():
    """Overlaps that are farther apart than a near tie: likeness says nothing."""
    cells = np.array([[316, 247, 37], [62, 25, 900]])
    assert number_segments(cells, [1, 2], 2, distances=ALIKE) == [1, 3, 2]
    assert NEAR_TIE == 0.05


def test_the_likest_must_overlap_enough_to_go_on():
    cells = np.array([[40, 12], [5, 60]])
    distances = np.array([[9.0, 0.1], [9.0, 9.0]])
    assert number_segments(cells, [1, 2], 2, distances=distances) == [1, 2]


def test_what_has_nobody_is_like_nothing():
    unknown = np.full(CELLS.shape, np.nan)
    assert number_segments(CELLS, [1, 2], 2, distances=unknown) == [1, 3, 2]
    assert number_segments(
        np.zeros((0, 2), int), [], 4, distances=np.zeros((0, 2))
    ) == [
        5,
        6,
    ]
