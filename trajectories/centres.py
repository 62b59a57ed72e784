"""Centres of clusters: how they start, and how one step improves them."""

from collections.abc import Callable

import numpy as np
from numba import njit

Distances = Callable[[np.ndarray, np.ndarray], np.ndarray]


def seed_centres(
    X: np.ndarray,
    clusters: int,
    distances: Distances,
    random_state: np.random.RandomState,
) -> np.ndarray:
    """Draw starting centres from the series, far ones first.

    Greedy k-means++ (Arthur and Vassilvitskii 2007) in any metric: each next centre
    is drawn with a probability proportional to its squared distance to the nearest
    so far; of 2 + log(k) draws the one that lowers inertia most is taken.

    Args:
        X: (customers, steps, features), NaN-padded at the end.
        clusters: number of centres.
        distances: gives (customers, others) distances.
        random_state: draws.

    Returns:
        (clusters, steps, features), each stretched to the full number of steps.
    """
    draws = 2 + int(np.log(clusters))
    chosen = [random_state.randint(len(X))]
    nearest = distances(X, X[chosen])[:, 0] ** 2
    while len(chosen) < clusters:
        total = nearest.sum()
        chance = nearest / total if total > 0 else np.full(len(X), 1 / len(X))
        candidates = random_state.choice(len(X), size=draws, p=chance)
        lowered = np.minimum(nearest[:, None], distances(X, X[candidates]) ** 2)
        best = lowered.sum(axis=0).argmin()
        chosen.append(int(candidates[best]))
        nearest = lowered[:, best]
    return np.stack([stretch(X[row]) for row in chosen])


def stretch(series: np.ndarray) -> np.ndarray:
    """Stretch a NaN-padded series (steps, features) linearly over all its steps."""
    steps = len(series)
    length = int((~np.isnan(series[:, 0])).sum())
    if length == steps:
        return series.copy()
    position = np.linspace(0, length - 1, steps)
    columns = [np.interp(position, np.arange(length), c[:length]) for c in series.T]
    return np.stack(columns, axis=1)


def improve(
    X: np.ndarray,
    centres: np.ndarray,
    distances: Distances,
    step: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    max_iter: int,
    tol: float,
) -> tuple[float, np.ndarray, int]:
    """Lloyd iterations: label by the nearest centre, move the centres, repeat.

    Args:
        X: (customers, steps, features), NaN-padded at the end.
        centres: (clusters, steps, features) to start from.
        distances: gives (customers, clusters) distances.
        step: moves centres, given series, labels and centres.
        max_iter: iterations at most.
        tol: stop when inertia falls by less.

    Returns:
        The least inertia (mean squared distance), its centres, and iterations done.
    """
    best, kept = np.inf, centres
    for iteration in range(1, max_iter + 2):
        to_centres = distances(X, centres) ** 2
        inertia = float(to_centres.min(axis=1).mean())
        fallen = best - inertia
        if fallen > 0:
            best, kept = inertia, centres
        if fallen < tol or iteration > max_iter:
            break
        labels = fill_empty(to_centres.argmin(axis=1), to_centres)
        centres = step(X, labels, centres)
    return best, kept, min(iteration, max_iter)


def fill_empty(labels: np.ndarray, to_centres: np.ndarray) -> np.ndarray:
    """Give each empty cluster the series farthest from its own centre.

    One pass over the clusters; a cluster's last series is never taken.
    """
    clusters = to_centres.shape[1]
    own = to_centres[np.arange(len(labels)), labels]
    for cluster in np.flatnonzero(np.bincount(labels, minlength=clusters) == 0):
        sizes = np.bincount(labels, minlength=clusters)
        farthest = np.where(sizes[labels] > 1, own, -1.0).argmax()
        labels[farthest], own[farthest] = cluster, 0.0
    return labels


def mean_step(X: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Move each centre to the mean of its series, over the steps that they have.

    Each series weighs the same in total however many steps it has, as in
    ``cdist_euclidean``. A step that no member has keeps the old centre's value.
    """
    flat, old = X.reshape(len(X), -1), centres.reshape(len(centres), -1)
    present = ~np.isnan(flat)
    weights = present * (flat.shape[1] / present.sum(axis=1, keepdims=True))
    members = np.eye(len(centres))[labels].T
    mass = members @ weights
    sums = members @ (np.where(present, flat, 0.0) * weights)
    means = np.where(mass > 0, sums / np.where(mass > 0, mass, 1.0), old)
    return means.reshape(centres.shape)


def barycentre_step(
    X: np.ndarray, labels: np.ndarray, centres: np.ndarray, radius: int
) -> np.ndarray:
    """Move each centre by one step of DTW barycentre averaging.

    Petitjean, Ketterlin and Gancarski 2011: align every member with the centre, then
    set each step of the centre to the mean of what was aligned with it. The sum of
    squared DTW distances never grows.

    Args:
        X: (customers, steps, features), NaN-padded at the end.
        labels: (customers,) from 0.
        centres: (clusters, steps, features) without NaN.
        radius: Sakoe-Chiba radius in steps.
    """
    lengths = (~np.isnan(X[:, :, 0])).sum(axis=1)
    sums, counts = _aligned_sums(X, lengths, labels.astype(np.int64), centres, radius)
    moved = sums / np.maximum(counts, 1.0)[:, :, None]
    return np.where(counts[:, :, None] > 0, moved, centres)


@njit(cache=True, nogil=True)
def _aligned_sums(X, lengths, labels, centres, radius):  # pragma: no cover
    """Sum what each centre's steps are aligned with; (k, steps, F) and (k, steps)."""
    steps, features = centres.shape[1], centres.shape[2]
    sums = np.zeros(centres.shape)
    counts = np.zeros((centres.shape[0], steps))
    cost = np.empty((X.shape[1] + 1, steps + 1))
    for row in range(len(X)):
        length, cluster = lengths[row], labels[row]
        _fill_costs(X[row], length, centres[cluster], radius, cost)
        i, j = length - 1, steps - 1
        while True:
            counts[cluster, j] += 1.0
            for f in range(features):
                sums[cluster, j, f] += X[row, i, f]
            if i == 0 and j == 0:
                break
            diagonal, above, left = cost[i, j], cost[i, j + 1], cost[i + 1, j]
            if diagonal <= above and diagonal <= left:
                i, j = i - 1, j - 1
            elif above <= left:
                i -= 1
            else:
                j -= 1
    return sums, counts


@njit(cache=True, nogil=True)
def _fill_costs(series, length, centre, radius, cost):  # pragma: no cover
    """Cumulated squared costs; the band as in ``metrics``, for length <= steps."""
    steps, features = centre.shape
    reach = steps - length + radius
    cost[: length + 1, :] = np.inf
    cost[0, 0] = 0.0
    for i in range(length):
        for j in range(max(0, i - radius), min(steps, i + reach + 1)):
            square = 0.0
            for f in range(features):
                difference = series[i, f] - centre[j, f]
                square += difference * difference
            least = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
            cost[i + 1, j + 1] = square + least
