"""From a column of lists to windows: layout, alignment, padding."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajectories.series.series import series_lengths, to_matrix, window


def by_loop(lists, features):
    """The plain way: one customer and one step at a time."""
    steps = max((len(x) // features for x in lists), default=0)
    matrix = np.full((len(lists), steps, features), np.nan)
    for row, values in enumerate(lists):
        length = len(values) // features
        for step in range(length):
            for feature in range(features):
                at = steps - length + step
                matrix[row, at, feature] = values[step * features + feature]
    return matrix


@st.composite
def columns(draw):
    features = draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=8))
    number = st.floats(-1e6, 1e6)
    lists = [
        draw(st.lists(number, min_size=n * features, max_size=n * features))
        for n in lengths
    ]
    return features, lists


@given(columns())
@settings(max_examples=60, deadline=None)
def test_matrix_equals_the_plain_loop(column):
    features, lists = column
    expected = by_loop(lists, features)
    kinds = [
        lists,
        pd.Series([np.array(x) for x in lists], dtype=object),
        pa.array(lists, pa.list_(pa.float64())),
        pa.chunked_array([pa.array([x], pa.list_(pa.float64())) for x in lists]),
    ]
    for kind in kinds:
        np.testing.assert_array_equal(to_matrix(kind, features), expected)


def test_layout_is_time_major():
    """Step 1's features come first; feature-major reshaping would mix features."""
    matrix = to_matrix([[1, 10, 2, 20, 3, 30]], 2)
    np.testing.assert_array_equal(matrix[0, :, 0], [1, 2, 3])
    np.testing.assert_array_equal(matrix[0, :, 1], [10, 20, 30])


def test_sliced_and_null_lists_keep_their_rows():
    lists = pa.array([[9.0], [1.0, 2.0], None, [3.0]], pa.list_(pa.float64()))
    matrix = to_matrix(lists.slice(1), 1)[:, :, 0]
    np.testing.assert_array_equal(matrix, [[1, 2], [np.nan] * 2, [np.nan, 3]])


def test_no_customers_give_an_empty_matrix():
    assert to_matrix(pa.array([], pa.list_(pa.float64())), 3).shape == (0, 0, 3)


def test_a_torn_step_is_refused():
    with pytest.raises(ValueError, match="Series 1 holds 3 numbers"):
        to_matrix([[1, 2], [1, 2, 3]], 2)


@given(columns(), st.integers(0, 7), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_window_starts_at_step_0_and_pads_at_the_end(column, steps_back, width):
    features, lists = column
    matrix = to_matrix(lists, features)
    cut = window(matrix, steps_back, width)
    assert cut.shape == (len(lists), width, features)
    for row, values in enumerate(lists):
        steps = np.array(values, float).reshape(-1, features)
        kept = steps[: max(len(steps) - steps_back, 0)][-width:]
        np.testing.assert_array_equal(cut[row, : len(kept)], kept)
        assert np.isnan(cut[row, len(kept) :]).all()
        assert series_lengths(cut)[row] == len(kept)
