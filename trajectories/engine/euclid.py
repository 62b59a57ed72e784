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

CHUNK_POINTS = 4096


def squares(A: np.ndarray, B: np.ndarray, n_jobs: int | None = None) -> np.ndarray:
    """Squared distances of all series of ``A`` to all of ``B``; (A, B) float64.

    Args:
        A, B: (series, steps, features), NaN-padded at the end.
        n_jobs: threads; None is 1, -1 is as many as there are processors.
    """
    (flat, present), others = points_of(A), points_of(B)
    chunks = range(0, max(len(flat), 1), CHUNK_POINTS)

    def look(begin: int) -> np.ndarray:
        rows = slice(begin, begin + CHUNK_POINTS)
        return squares_between(flat[rows], present[rows], *others)

    return np.concatenate(list(in_threads(look, chunks, n_jobs)))


@njit(cache=True, nogil=True, forceinline=True, fastmath={"reassoc", "contract"})
def _square(A, i, present_a, B, j, present_b):  # pragma: no cover
    """Squared distance of row i of ``A`` to row j of ``B``, in float64."""
    both, square = min(present_a, present_b), 0.0
    for t in range(both):
        off = A[i, t] - B[j, t]
        square += off * off
    return square * (A.shape[1] / both)


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
    size = len(points)
    chosen = np.empty(clusters, np.int64)
    chosen[0] = first
    shortest, best = np.full(size, np.inf), np.empty(size)
    lowered, reached = np.empty(size), np.empty(size)
    for number in range(clusters):
        if number == 0:
            rows = chosen[:1]
        else:
            total = 0.0
            for row in range(size):
                total += shortest[row]
                reached[row] = total
            asked = np.searchsorted(reached, draws[number - 1] * total)
            rows = np.minimum(asked, size - 1)
        least = np.inf
        for candidate in rows:
            total = 0.0
            for row in range(size):
                lowered[row] = min(
                    shortest[row],
                    _square(
                        points, row, present[row], points, candidate, present[candidate]
                    ),
                )
                total += lowered[row]
            if total < least:
                least, chosen[number] = total, candidate
                best, lowered = lowered, best
        shortest, best = best, shortest
    return chosen


@njit(cache=True, nogil=True)
def improve(points, present, centres, max_iter, tol):  # pragma: no cover
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

    Returns:
        The centres and the moves made.
    """
    size, numbers = points.shape
    clusters = len(centres)
    centres, shifts = centres.copy(), np.zeros(clusters)
    labels, upper = np.empty(size, np.int64), np.empty(size)
    lower = np.zeros((size, clusters))
    for row in range(size):
        labels[row], upper[row] = -1, np.inf
    # Members by how many numbers they have, all together in column 0.
    members = np.zeros((clusters, numbers + 1), np.int64)
    sums = np.zeros((clusters, numbers))
    least = tol * _mean_variance(points, present) if tol > 0 else 0.0
    for iteration in range(max_iter):
        changed = _label(
            points, present, centres, shifts, labels, upper, lower, members, sums
        )
        for cluster in range(clusters):
            if members[cluster, 0] == 0:
                _fill(points, present, centres, labels, upper, members, sums, cluster)
                changed += 1
        if changed == 0:
            return centres, iteration
        if _move(centres, members, sums, shifts) <= least:
            return centres, iteration + 1
    return centres, max_iter


@njit(cache=True, nogil=True)
def _label(
    points, present, centres, shifts, labels, upper, lower, members, sums
):  # pragma: no cover
    """Label the points whose nearest centre may have changed; return how many did."""
    changed, numbers, clusters = 0, points.shape[1], len(centres)
    for row in range(len(points)):
        own, scale = labels[row], np.sqrt(numbers / present[row])
        limit, is_open = upper[row], own < 0
        if own >= 0:
            limit += shifts[own] * scale
        for cluster in range(clusters):
            lower[row, cluster] -= shifts[cluster] * scale
            is_open |= cluster != own and lower[row, cluster] <= limit
        if is_open and own >= 0:
            limit = np.sqrt(_square(points, row, present[row], centres, own, numbers))
        nearest = own
        for cluster in range(clusters if is_open else 0):
            if cluster == own or lower[row, cluster] > limit:
                continue
            distance = np.sqrt(
                _square(points, row, present[row], centres, cluster, numbers)
            )
            lower[row, cluster] = distance
            if distance < limit or (distance == limit and cluster < nearest):
                if nearest >= 0:
                    lower[row, nearest] = limit
                limit, nearest = distance, cluster
        upper[row] = limit
        if nearest != own:
            _shift_member(points, present, row, own, nearest, members, sums)
            labels[row] = nearest
            changed += 1
    return changed


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
def _move(centres, members, sums, shifts):  # pragma: no cover
    """Move the centres to the means of their members.

    ``shifts`` receives how far each moves; returned is the sum of the squares.
    """
    clusters, numbers = centres.shape
    total = 0.0
    for cluster in range(clusters):
        mass, square = 0.0, 0.0
        for t in range(numbers - 1, -1, -1):
            mass += members[cluster, t + 1] * (numbers / (t + 1))
            if mass > 0:
                mean = sums[cluster, t] / mass
                square += (mean - centres[cluster, t]) ** 2
                centres[cluster, t] = mean
        shifts[cluster] = np.sqrt(square)
        total += square
    return total


@njit(cache=True, nogil=True)
def _fill(
    points, present, centres, labels, upper, members, sums, cluster
):  # pragma: no cover
    """Give an empty cluster the point farthest from its centre, if not its only one."""
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


@njit(cache=True, nogil=True)
def _mean_variance(points, present):  # pragma: no cover
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
