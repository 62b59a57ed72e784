"""Move-split-merge (MSM): what it costs to edit one series into another.

Stefan, Athitsos and Das, "The Move-Split-Merge metric for time series" (IEEE TKDE
25(6), 2013), formulae 1 to 3. Moving a step costs the difference in value; splitting
a step in two, or merging two into one, costs c, and how far the new step lies outside
the two that it stands between:

    D(i, j) = min(D(i-1, j-1) + d(x_i, y_j),
                  D(i-1, j) + C(x_i, x_i-1, y_j),
                  D(i, j-1) + C(y_j, x_i, y_j-1))
    C(x, y, z) = c if x lies between y and z, else c + min(d(x, y), d(x, z))

With one feature d is the absolute difference, and MSM is a metric. With several, a
step is a point: between y and z lies what the sphere on the diameter y to z holds
(Shifaz, Pelletier, Petitjean and Webb 2023, "Elastic similarity and distance measures
for multivariate time series"), and d is the squared Euclidean distance. These are
the values of aeon's ``msm_distance``, ``independent=False`` with several features.
"""

import numpy as np
from numba import njit

from trajectories.engine.dtw import lane_count, pack, reaches
from trajectories.engine.lanes import LANE_BYTES, least, load, most, spread, store
from trajectories.engine.spaces import in_threads, unpadded_lengths

CHUNK_SERIES = 64


def msm_distances(
    first: np.ndarray,
    second: np.ndarray,
    radius: int,
    cost: float,
    n_jobs: int | None,
) -> np.ndarray:
    """Compare all series of one array with all of another, each pair once.

    Args:
        first, second: (series, steps, features), checked; two names of one array
            where it is compared with itself.
        radius: of the band, in steps.
        cost: of a split or a merge.
        n_jobs: threads.

    Returns:
        (first, second) float64.
    """
    lengths = unpadded_lengths(second)
    by_length = lengths.argsort(kind="stable")
    distances = np.full((len(first), len(second)), np.inf)

    def compare(begin: int) -> None:
        rows = slice(begin, begin + CHUNK_SERIES)
        part, later = (
            first[rows].astype(float),
            begin if first is second else -len(first),
        )
        _pairwise_msm(
            part,
            unpadded_lengths(part),
            second,
            lengths,
            by_length,
            radius,
            float(cost),
            later,
            distances[rows],
        )

    for _ in in_threads(compare, range(0, len(first), CHUNK_SERIES), n_jobs):
        pass
    return np.minimum(distances, distances.T) if first is second else distances


@njit(cache=True, nogil=True)
def _pairwise_msm(
    A, lengths_a, B, lengths_b, by_length, radius, cost, later, distances
):  # pragma: no cover
    """Compare each of ``A`` with lanes of those of ``B`` that are equally long.

    Args:
        A, B: (series, steps, features).
        lengths_a, lengths_b: steps of each.
        by_length: the rows of ``B``, equal lengths together.
        radius: of the band, in steps.
        cost: of a split or a merge.
        later: the row of ``B`` that the first of ``A`` is, where each is only to be
            compared with itself and those after it; else at most -len(A).
        distances: (A, B), receives the distances.
    """
    steps, features = B.shape[1:]
    lanes = LANE_BYTES // A.itemsize
    block = np.empty(steps * features * lanes)
    row = np.empty(steps * lanes)
    start = 0
    while start < len(B):
        rows = by_length[start : start + lanes]
        length = lengths_b[rows[0]]
        rows = rows[lengths_b[rows] == length]
        pack(B[rows], length, block)
        last = (length - 1) * lanes
        for i in range(min(len(A), rows.max() + 1 - later)):
            _sweep(A[i], lengths_a[i], block, length, radius, cost, row)
            distances[i, rows] = row[last : last + len(rows)]
        start += len(rows)


@njit(cache=True, nogil=True)
def _sweep(series, length, block, steps, radius, cost, row):  # pragma: no cover
    """Leave the distances of one series to a block of others in the last of ``row``.

    Args:
        series: (at least length, features).
        length: steps of the series.
        block: (steps, features, lanes), flat.
        steps: steps of the block's series.
        radius: of the band, in steps.
        cost: of a split or a merge.
        row: room for (steps, lanes), flat.
    """
    lanes, features = lane_count(row), series.shape[1]
    back, ahead = reaches(length, steps, radius)
    stride, edit = features * lanes, spread(cost)
    row[: steps * lanes] = np.inf
    nothing = load(row, 0)
    for i in range(length):
        here, before = series[i], series[max(i - 1, 0)]
        first, stop = max(0, i - back), min(steps, i + ahead + 1)
        left = diagonal = nothing
        if i == 0:
            diagonal = spread(0.0)
        elif first > 0:
            diagonal = load(row, (first - 1) * lanes)
        for j in range(first, stop):
            above = load(row, j * lanes)
            at, previous = j * stride, max(j - 1, 0) * stride
            if features == 1:
                move, split, merge = _edits_of_one(here, before, block, at, previous)
            else:
                move, split, merge = _edits(here, before, block, at, previous)
            left = least(diagonal + move, least(above + split, left + merge) + edit)
            store(row, j * lanes, left)
            diagonal = above


@njit(cache=True, nogil=True, inline="always")
def _edits_of_one(here, before, block, at, previous):  # pragma: no cover
    """What a move costs, and a split and a merge beyond c, with one feature."""
    x, y = spread(here[0]), load(block, at)
    zero = spread(0.0)
    move = most(x - y, y - x)
    split = _outside(x, spread(before[0]), y, zero)
    merge = _outside(y, load(block, previous), x, zero)
    return move, split, merge


@njit(cache=True, nogil=True, inline="always")
def _outside(x, y, z, zero):  # pragma: no cover
    """How far x lies outside the interval between y and z."""
    return most(zero, most(least(y, z) - x, x - most(y, z)))


@njit(cache=True, nogil=True, inline="always")
def _edits(here, before, block, at, previous):  # pragma: no cover
    """What a move costs, and a split and a merge beyond c, with several features.

    x lies in the sphere on the diameter from y to z where (x - y) (x - z) <= 0.
    """
    zero = spread(0.0)
    move = jump = other_jump = split = merge = zero
    lanes = lane_count(block)
    for f in range(len(here)):
        y = load(block, at + f * lanes)
        apart = spread(here[f]) - y
        step = spread(here[f] - before[f])
        other_step = y - load(block, previous + f * lanes)
        move = move + apart * apart
        jump = jump + step * step
        other_jump = other_jump + other_step * other_step
        split = split + apart * step
        merge = merge - apart * other_step
    huge = spread(1e300)  # times what is above 0: more than any cost
    split = most(zero, least(split * huge, least(move, jump)))
    merge = most(zero, least(merge * huge, least(move, other_jump)))
    return move, split, merge
