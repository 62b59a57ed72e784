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


def cdist_msm(
    A: np.ndarray,
    B: np.ndarray,
    window: int | float | None = None,
    cost: float = 1.0,
    n_jobs: int | None = None,
) -> np.ndarray:
    """MSM distances between all series of ``A`` and all of ``B``.

    Args:
        A: (customers, steps, features), NaN-padded at the end.
        B: (others, steps, features), NaN-padded at the end.
        window: Sakoe-Chiba radius in steps (int), as a share of the longer series
            (float between 0 and 1), or None for no band; widened by the difference
            in length when lengths differ.
        cost: c, of a split or a merge, in the series' own unit (its square with
            several features).
        n_jobs: threads; None is 1, -1 is as many as there are processors. The
            result does not depend on it.

    Returns:
        (customers, others) float64. Sums of at most n + m numbers that are not
        negative: off by a factor of at most 1 + (n + m + features) 2^-53.

    Raises:
        ValueError: when the features differ, the cost is negative or not finite, or
            the series are not as described.
    """
    # Not at the top: the public face in metrics imports this module.
    from trajectories.metrics import band_radius, check_series

    first, second = check_series(A), check_series(B)
    if first.shape[2] != second.shape[2]:
        raise ValueError(
            f"The series have {first.shape[2]} and {second.shape[2]} features."
            " Compare series with the same features."
        )
    if not 0 <= cost < np.inf:
        raise ValueError(
            f"The cost of a split or a merge is {cost}. Give a number from 0 up."
        )
    radius = band_radius(window, max(first.shape[1], second.shape[1]))
    lengths = unpadded_lengths(second)
    by_length = lengths.argsort(kind="stable")
    found = np.full((len(first), len(second)), np.inf)

    def compare(begin: int) -> None:
        rows = slice(begin, begin + CHUNK_SERIES)
        part, later = first[rows].astype(float), begin if A is B else -len(first)
        _pairwise_msm(
            part,
            unpadded_lengths(part),
            second,
            lengths,
            by_length,
            radius,
            float(cost),
            later,
            found[rows],
        )

    for _ in in_threads(compare, range(0, len(first), CHUNK_SERIES), n_jobs):
        pass
    return np.minimum(found, found.T) if A is B else found


@njit(cache=True, nogil=True)
def _pairwise_msm(
    A, lengths_a, B, lengths_b, by_length, radius, cost, later, found
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
        found: (A, B), receives the distances.
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
            found[i, rows] = row[last : last + len(rows)]
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
