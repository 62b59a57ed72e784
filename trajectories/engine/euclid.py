"""K-means step against step: seeding, assignment, means and stop, compiled.

A *point* is a series laid flat, of which the first numbers are there and the rest is
padding that is never read. Two points are compared over the numbers that both have,
and the sum of squares is scaled up to the full count (Dixon 1979, "Pattern recognition
with partly missing data"; scikit-learn's ``nan_euclidean``).

A centre that cannot be the nearest is not measured (Elkan 2003, "Using the triangle
inequality to accelerate k-means"): every point keeps an upper bound of the distance to
its own centre and lower ones of those to the others, which are loosened by as far as
the centres moved. They hold for short points, too: their distance is a norm of the
numbers that are there, times the root of the scale. So no label depends on what is
left out.

Nothing is checked here; ``clustering`` and ``metrics`` do that. Nothing holds the
interpreter's lock, so that fits side by side use as many processors.
"""

import numpy as np
from numba import njit

from trajectories.engine.spaces import in_threads, points_of

CHUNK_POINTS = 8192


def squares(A: np.ndarray, B: np.ndarray, n_jobs: int | None = None) -> np.ndarray:
    """Squared distances of all series of ``A`` to all of ``B``; (A, B) float64.

    Args:
        A, B: (series, steps, features), NaN-padded at the end.
        n_jobs: threads; None is 1, -1 is as many as there are processors.
    """
    (flat, present), others = points_of(A), points_of(B)
    chunks = range(0, max(len(flat), 1), CHUNK_POINTS)

    def measure_rows(begin: int) -> np.ndarray:
        rows = slice(begin, begin + CHUNK_POINTS)
        return squares_between(flat[rows], present[rows], *others)

    return np.concatenate(list(in_threads(measure_rows, chunks, n_jobs)))


@njit(cache=True, nogil=True, forceinline=True, fastmath={"reassoc", "contract"})
def _square(A, i, present_a, B, j, present_b):  # pragma: no cover
    """Squared distance of row i of ``A`` to row j of ``B``, in float64."""
    both, square = min(present_a, present_b), 0.0
    for t in range(both):
        off = A[i, t] - B[j, t]
        square += off * off
    return square if both == A.shape[1] else square * (A.shape[1] / both)


@njit(cache=True, nogil=True)
def squares_between(A, present_a, B, present_b):  # pragma: no cover
    """Squared distances of all of ``A`` to all of ``B``; (A, B) float64.

    Each depends on its own two points alone.

    Args:
        A, B: (points, numbers).
        present_a, present_b: (points,) how many of its numbers each has, at least 1.
    """
    out = np.empty((len(A), len(B)))
    for i in range(len(A)):
        for j in range(len(B)):
            out[i, j] = _square(A, i, present_a[i], B, j, present_b[j])
    return out


@njit(cache=True, nogil=True)
def count_different(points, present, enough):  # pragma: no cover
    """Count the points that differ from each other, up to ``enough``."""
    first, found = np.empty(enough, np.int64), 0
    for row in range(len(points)):
        if found == enough:
            break
        is_new, length = True, present[row]
        for place in range(found):
            other = first[place]
            if present[other] == length:
                same = points[row, :length] == points[other, :length]
                is_new = is_new and not same.all()
        if is_new:
            first[found], found = row, found + 1
    return found


@njit(cache=True, nogil=True)
def seed(points, present, clusters, first, draws):  # pragma: no cover
    """Draw starting centres from the points, far ones first.

    Greedy k-means++ (Arthur and Vassilvitskii 2007), as scikit-learn has it: each next
    centre is drawn with a probability proportional to its squared distance to the
    nearest so far; of several candidates the one that lowers inertia most is taken.

    Args:
        points: (points, numbers).
        present: (points,) how many of its numbers each has.
        clusters: number of centres; the points differ at least so often.
        first: row of the first centre.
        draws: (clusters - 1, candidates) numbers between 0 and 1 for the others.

    Returns:
        (clusters,) rows.
    """
    size, candidates = len(points), draws.shape[1]
    chosen, rows = np.empty(clusters, np.int64), np.full(candidates, first)
    shortest, reached = np.empty(size), np.empty(size)
    lowered = np.empty((size, candidates))
    for row in range(size):
        shortest[row] = np.inf
    for number in range(clusters):
        totals = np.zeros(candidates)
        for row in range(size):
            for place in range(candidates):
                other = rows[place]
                square = _square(
                    points, row, present[row], points, other, present[other]
                )
                lowered[row, place] = min(square, shortest[row])
                totals[place] += lowered[row, place]
        best, total = totals.argmin(), 0.0
        chosen[number] = rows[best]
        for row in range(size):
            shortest[row] = lowered[row, best]
            total += shortest[row]
            reached[row] = total
        if number + 1 < clusters:
            asked = np.searchsorted(reached, draws[number] * total)
            rows = np.minimum(asked, size - 1)
    return chosen


def improve(
    points: np.ndarray,
    present: np.ndarray,
    centres: np.ndarray,
    max_iter: int,
    tol: float,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, int]:
    """Lloyd iterations: label by the nearest centre, move the centres, repeat.

    A point weighs the same in total however many numbers it has. A number that no
    member has keeps the old centre's value. A centre that loses its last point starts
    anew at the one farthest from its own centre, which leaves its cluster.

    Args:
        points: (points, numbers).
        present: (points,) how many of its numbers each has.
        centres: (clusters, numbers) to start from, none missing.
        max_iter: moves of the centres, at most.
        tol: stop when the squared moves of all centres together fall to this share of
            the mean variance of the numbers (scikit-learn's), or no label changes.
        n_jobs: threads for many points; the result does not depend on it.

    Returns:
        The centres and the moves made.
    """
    least = tol * mean_variance(points, present) if tol > 0 else 0.0
    state = _begun(len(points), centres)
    if len(points) <= CHUNK_POINTS:
        return _improve(points, present, state, max_iter, least)
    chunks = range(0, len(points), CHUNK_POINTS)

    def measure_rows(begin: int) -> tuple:
        return _label(points, present, state, begin, begin + CHUNK_POINTS)

    for iteration in range(max_iter):
        parts = zip(*in_threads(measure_rows, chunks, n_jobs), strict=True)
        changed, shift = _move(points, present, state, *map(sum, parts))
        if not changed:
            return state[0], iteration
        if shift <= least:
            return state[0], iteration + 1
    return state[0], max_iter


@njit(cache=True, nogil=True)
def _begun(size, centres):  # pragma: no cover
    """What iterations keep of some points.

    Returns:
        centres (clusters, numbers) and how far each has moved; labels, upper bounds
        and lower bounds of the distances to the centres; members by how many numbers
        they have (all together in column 0) and their weighted sums.
    """
    clusters, numbers = centres.shape
    labels, upper = np.empty(size, np.int64), np.empty(size)
    for row in range(size):
        labels[row], upper[row] = -1, np.inf
    bounds = labels, upper, np.zeros((size, clusters))
    members = np.zeros((clusters, numbers + 1), np.int64)
    return (
        centres.copy(),
        np.zeros(clusters),
        bounds,
        (members, np.zeros((clusters, numbers))),
    )


@njit(cache=True, nogil=True)
def _improve(points, present, state, max_iter, least):  # pragma: no cover
    """Iterate in one thread, and without the interpreter; see :func:`improve`."""
    for iteration in range(max_iter):
        found = _label(points, present, state, 0, len(points))
        changed, shift = _move(points, present, state, found[0], found[1], found[2])
        if changed == 0:
            return state[0], iteration
        if shift <= least:
            return state[0], iteration + 1
    return state[0], max_iter


@njit(cache=True, nogil=True)
def _label(points, present, state, begin, end):  # pragma: no cover
    """Label some points whose nearest centre may have changed.

    In three rounds, so that no distance waits for the one before: whose bounds
    overlap, how far these are from their own centres, and from those within reach.

    Returns:
        How many did change, and by how much members and sums did.
    """
    centres, shifts, (labels, upper, lower), _ = state
    changed, (clusters, numbers) = 0, centres.shape
    members = np.zeros((clusters, numbers + 1), np.int64)
    sums = np.zeros((clusters, numbers))
    overlapping, count = np.empty(min(end, len(points)) - begin, np.int64), 0
    length, scale = numbers, 1.0
    for row in range(begin, min(end, len(points))):
        if present[row] != length:
            length = present[row]
            scale = np.sqrt(numbers / length)
        own, is_open = labels[row], False
        if own >= 0:
            upper[row] += shifts[own] * scale
        for cluster in range(clusters):
            lower[row, cluster] -= shifts[cluster] * scale
            is_open |= lower[row, cluster] <= upper[row]
        overlapping[count] = row
        count += is_open
    for row in overlapping[:count]:
        own = labels[row]
        if own >= 0:
            upper[row] = np.sqrt(
                _square(points, row, present[row], centres, own, numbers)
            )
    reached = np.empty(clusters, np.int64)
    for row in overlapping[:count]:
        own, limit, within = labels[row], upper[row], 0
        for cluster in range(clusters):
            reached[within] = cluster
            within += lower[row, cluster] <= limit
        nearest = own
        for cluster in reached[:within]:
            distance = np.sqrt(
                _square(points, row, present[row], centres, cluster, numbers)
            )
            lower[row, cluster] = distance
            if distance < limit or (distance == limit and cluster < nearest):
                limit, nearest = distance, cluster
        if nearest != own:
            if own >= 0:
                lower[row, own] = upper[row]
            lower[row, nearest], upper[row], labels[row] = np.inf, limit, nearest
            _shift_member(points, present, row, own, nearest, members, sums)
            changed += 1
    return changed, members, sums


@njit(cache=True, nogil=True)
def _shift_member(
    points, present, row, before, after, members, sums
):  # pragma: no cover
    """Take a point out of one cluster's sums (-1: none) and add it to another's."""
    length = present[row]
    weight = points.shape[1] / length
    for cluster, sign in ((before, -1), (after, 1)):
        if cluster >= 0:
            members[cluster, 0] += sign
            members[cluster, length] += sign
            for t in range(length):
                sums[cluster, t] += sign * weight * points[row, t]


@njit(cache=True, nogil=True)
def _move(points, present, state, changed, more_members, more_sums):  # pragma: no cover
    """Move the centres to the means of their members.

    Args:
        changed: points that changed their label.
        more_members, more_sums: what they add to the clusters.

    Returns:
        Points that changed, and the sum of the squared moves.
    """
    centres, shifts, _, (members, sums) = state
    clusters, numbers = centres.shape
    for cluster in range(clusters):
        for t in range(numbers + 1):
            members[cluster, t] += more_members[cluster, t]
        for t in range(numbers):
            sums[cluster, t] += more_sums[cluster, t]
    for cluster in range(clusters):
        if members[cluster, 0] == 0:
            _fill(points, present, state, cluster)
            changed += 1
    total = 0.0
    for cluster in range(clusters if changed else 0):
        mass, square = 0.0, 0.0
        for t in range(numbers - 1, -1, -1):
            mass += members[cluster, t + 1] * (numbers / (t + 1))
            if mass > 0:
                mean = sums[cluster, t] / mass
                square += (mean - centres[cluster, t]) ** 2
                centres[cluster, t] = mean
        shifts[cluster] = np.sqrt(square)
        total += square
    return changed, total


@njit(cache=True, nogil=True)
def _fill(points, present, state, cluster):  # pragma: no cover
    """Give an empty cluster the point farthest from its centre, if not its only one."""
    centres, _, (labels, upper, lower), (members, sums) = state
    far, farthest = -1.0, -1
    for row in range(len(points)):
        own = labels[row]
        if members[own, 0] > 1:
            square = _square(points, row, present[row], centres, own, points.shape[1])
            if square > far:
                far, farthest = square, row
    if farthest >= 0:
        own = labels[farthest]
        _shift_member(points, present, farthest, own, cluster, members, sums)
        labels[farthest], upper[farthest] = cluster, np.inf
        lower[farthest, own], lower[farthest, cluster] = 0.0, np.inf


@njit(cache=True, nogil=True)
def mean_variance(points, present):  # pragma: no cover
    """Mean over the numbers of their variance over the points that have them."""
    numbers = points.shape[1]
    counts, means, squares = np.zeros(numbers), np.zeros(numbers), np.zeros(numbers)
    for row in range(len(points)):
        for t in range(present[row]):
            counts[t] += 1.0
            means[t] += points[row, t]
    for t in range(numbers):
        means[t] /= max(counts[t], 1.0)
    for row in range(len(points)):
        for t in range(present[row]):
            squares[t] += (points[row, t] - means[t]) ** 2
    total = 0.0
    for t in range(numbers):
        total += squares[t] / max(counts[t], 1.0)
    return total / numbers
