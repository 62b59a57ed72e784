"""Turns a column of flattened series into a matrix, and cuts windows out of it.

A column holds one list per customer, time-major: step 1 feature 1..F, step 2
feature 1..F, and so on, the last step being the same date for every customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

Column = pa.Array | pa.ChunkedArray | Sequence | np.ndarray


@dataclass(frozen=True)
class Series:
    """A series as it is declared, over one window; see the var ``series``.

    Attributes:
        kind: its name.
        features: the names of the numbers in a step, in their order.
        period: "month" or "day".
        window: so many of them are compared, or summed up where the series is static.
        is_static: whether it has one step that is compared, not a path.
    """

    kind: str
    features: Sequence[str]
    period: str
    window: int
    is_static: bool = False

    @property
    def steps(self) -> int:
        """Steps that are compared."""
        return 1 if self.is_static else self.window


def to_matrix(column: Column, features: int) -> np.ndarray:
    """Unflatten a column of time-major lists into one matrix.

    Args:
        column: one list of numbers per customer (pandas object column, pyarrow
            list array, or sequence of arrays). A null is an empty series.
        features: numbers per step.

    Returns:
        float64 array of shape (customers, steps, features). All series end at the
        last step; shorter ones are padded with NaN at the start.

    Raises:
        ValueError: when a list's length is no multiple of ``features``.
    """
    lists = _list_array(column)
    offsets = lists.offsets.to_numpy().astype(np.int64)
    flat = lists.values.to_numpy(zero_copy_only=False)
    sizes = np.where(
        lists.is_null().to_numpy(zero_copy_only=False), 0, np.diff(offsets)
    )
    broken = np.flatnonzero(sizes % features)
    if broken.size:
        raise ValueError(
            f"Series {broken[0]} holds {sizes[broken[0]]} numbers, which is no multiple"
            f" of its {features} features. Give every step all {features} features,"
            " step after step."
        )
    longest = int(sizes.max(initial=0))
    matrix = np.full((len(sizes), longest), np.nan)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    starts = np.repeat(offsets[:-1], sizes)
    matrix[rows, longest - sizes[rows] + within] = flat[starts + within]
    return matrix.reshape(len(sizes), longest // features, features)


def selected(
    matrix: np.ndarray, features: Sequence[str], wanted: Sequence[str]
) -> np.ndarray:
    """Take some features of (customers, steps, features), by name and in that order.

    Raises:
        ValueError: when a wanted feature is none of ``features``.
    """
    missing = [name for name in wanted if name not in features]
    if missing:
        raise ValueError(
            f"The features {', '.join(missing)} are wanted of a series that has"
            f" {', '.join(features)}. Declare them there (var series), or leave them"
            " out (var segmentations)."
        )
    if list(wanted) == list(features):
        return matrix
    return matrix[:, :, [list(features).index(name) for name in wanted]]


def features_of(table: pa.Table) -> dict[str, list[str]]:
    """Read the features of each series, in their order.

    Args:
        table: columns series, feature and feature_number (int_series_features).

    Examples:
        >>> numbered = {"feature": ["orders", "days"], "feature_number": [2, 1]}
        >>> features_of(pa.table({"series": ["visits", "visits"], **numbered}))
        {'visits': ['days', 'orders']}
    """
    found: dict[str, list[str]] = {}
    for row in table.sort_by("feature_number").to_pylist():
        found.setdefault(row["series"], []).append(row["feature"])
    return found


def _list_array(column: Column) -> pa.LargeListArray:
    """Return any column of lists as one pyarrow list array of float64."""
    wanted = pa.large_list(pa.float64())
    if isinstance(column, pa.ChunkedArray):
        return column.cast(wanted).combine_chunks()
    if isinstance(column, pa.Array):
        return column.cast(wanted)
    array = pa.array(column, type=wanted, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def window(matrix: np.ndarray, steps_back: int, width: int) -> np.ndarray:
    """Cut the window that ends ``steps_back`` steps before the last step.

    Args:
        matrix: (customers, steps, features), NaN-padded at the start.
        steps_back: 0 for the window that ends at the last step.
        width: steps in the window.

    Returns:
        (customers, width, features). Each series starts at step 0 and is padded
        with NaN at the end when it is shorter than the window, as the clustering
        expects it; a customer without a step in the window is all NaN.
    """
    customers, steps, features = matrix.shape
    stop = max(steps - steps_back, 0)
    cut = matrix[:, max(stop - width, 0) : stop]
    missing = width - cut.shape[1]
    if missing:
        padding = np.full((customers, missing, features), np.nan)
        cut = np.concatenate([padding, cut], axis=1)
    lengths = series_lengths(cut)
    index = np.arange(width)[None, :] + (width - lengths)[:, None]
    shifted = np.take_along_axis(cut, np.minimum(index, width - 1)[:, :, None], axis=1)
    shifted[index >= width] = np.nan
    return shifted


def series_lengths(matrix: np.ndarray) -> np.ndarray:
    """Count the steps of each of (customers, steps, features); (customers,)."""
    return (~np.isnan(matrix).all(axis=2)).sum(axis=1)
