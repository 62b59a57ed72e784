"""K-medoids: centres that are series, for metrics that have no mean.

FasterPAM (Schubert and Rousseeuw 2021, "Fast and eager k-medoids clustering",
Information Systems 101): try every series in turn in place of the medoid for which
that helps most, and swap at once when the sum of distances falls. Each series'
nearest and second nearest medoid are remembered, so that one pass over all candidates
takes n^2 steps whatever the number of clusters.

Own code, as the two libraries do not fit: ``kmedoids`` is under the GPL, which this
project's licence cannot take in, and ``scikit-learn-extra`` rests since 2023.
"""

import warnings

import numpy as np
from numba import njit
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

LARGEST_SAMPLE = 2_000


def fit_medoids(
    distances: np.ndarray,
    clusters: int,
    n_init: int = 1,
    max_iter: int = 100,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, float, int]:
    """Find the series whose summed distances to all series are least.

    No cluster can be empty: medoids never lie at distance 0 of each other, so each is
    nearest to itself alone.

    Args:
        distances: (sample, sample) from each series (row) to each candidate (column),
            0 on the diagonal, of at most 2,000 series. Any power of them can be
            given: squares make squares what is minimised.
        clusters: number of medoids.
        n_init: starts, of which the one with the least inertia is kept.
        max_iter: passes over all candidates in one start at most.
        random_state: seed, generator or None.

    Returns:
        The medoids' rows (clusters,) in ascending order, inertia (mean distance to
        the nearest medoid), and the passes of the kept start. Fewer rows, with a
        ConvergenceWarning, when fewer series than clusters differ.

    Raises:
        ValueError: when the distances are not as described or too many, or there are
            fewer series than clusters.
    """
    to_all = _check_distances(distances, clusters)
    random_state = check_random_state(random_state)
    best = (np.inf, np.empty(0, dtype=np.int64), 0)
    for _ in range(n_init):
        start = _seed_medoids(to_all, clusters, random_state)
        order = random_state.permutation(len(to_all))
        found = _improve(to_all, start, order, max_iter)
        best = min(best, found, key=lambda fit: fit[0])
    inertia, medoids, iterations = best
    if len(medoids) < clusters:
        warnings.warn(
            f"Only {len(medoids)} of the series differ; {clusters} clusters.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return np.sort(medoids), float(inertia), int(iterations)


def _check_distances(distances: np.ndarray, clusters: int) -> np.ndarray:
    """Return (candidates, sample) float64, one contiguous row per candidate."""
    to_all = np.ascontiguousarray(np.transpose(distances), dtype=float)
    if to_all.ndim != 2 or to_all.shape[0] != to_all.shape[1]:
        raise ValueError(
            f"The distances have shape {np.shape(distances)}."
            " Give one row and one column for each series of the sample."
        )
    if len(to_all) > LARGEST_SAMPLE:
        raise ValueError(
            f"The distances are of {len(to_all):,} series. Medoids are found on at most"
            f" {LARGEST_SAMPLE:,}: draw a sample first."
        )
    if not 1 <= clusters <= len(to_all):
        raise ValueError(
            f"{clusters} clusters were asked of {len(to_all)} series."
            " Give at least one cluster and at least as many series as clusters."
        )
    if not np.isfinite(to_all).all() or to_all.min() < 0 or to_all.diagonal().any():
        raise ValueError(
            "The distances hold a negative, infinite or missing one, or a series is"
            " away from itself. Give finite distances from 0 up, 0 on the diagonal."
        )
    return to_all


def _seed_medoids(
    to_all: np.ndarray, clusters: int, random_state: np.random.RandomState
) -> np.ndarray:
    """Draw medoids, each with a probability proportional to its distance so far.

    k-means++ (Arthur and Vassilvitskii 2007) for sums of distances instead of squares.
    Stops early when every series lies on a medoid.
    """
    chosen = [random_state.randint(len(to_all))]
    nearest = to_all[chosen[0]].copy()
    while len(chosen) < clusters and nearest.any():
        chance = nearest / nearest.max()
        chosen.append(random_state.choice(len(to_all), p=chance / chance.sum()))
        np.minimum(nearest, to_all[chosen[-1]], out=nearest)
    return np.array(chosen, dtype=np.int64)


@njit(cache=True, nogil=True)
def _improve(to_all, medoids, order, max_iter):  # pragma: no cover
    """Swap until no swap helps; mean distance, medoids, and passes over candidates.

    Args:
        to_all: (candidates, sample) distances.
        medoids: (clusters,) rows to start from.
        order: (candidates,) rows in the order in which they are tried; another for
            each start, or the first swaps lead all of them to one end.
        max_iter: passes at most.
    """
    sample, medoids = len(to_all), medoids.copy()
    nearest, near, second = _two_nearest(to_all, medoids)
    unswapped, tried = 0, 0
    while unswapped < sample and tried < max_iter * sample:
        candidate = order[tried % sample]
        change, replaced = _best_swap(to_all[candidate], nearest, near, second, medoids)
        tried, unswapped = tried + 1, unswapped + 1
        if change < -1e-12 * near.sum():  # more than rounding could make of nothing
            medoids[replaced] = candidate
            nearest, near, second = _two_nearest(to_all, medoids)
            unswapped = 0
    return near.mean(), medoids, (tried + sample - 1) // sample


@njit(cache=True, nogil=True)
def _two_nearest(to_all, medoids):  # pragma: no cover
    """Which medoid is nearest to each series, how far it is, and how far the next."""
    sample = to_all.shape[1]
    nearest = np.zeros(sample, dtype=np.int64)
    near, second = np.full(sample, np.inf), np.full(sample, np.inf)
    for cluster in range(len(medoids)):
        distances = to_all[medoids[cluster]]
        for row in range(sample):
            if distances[row] < near[row]:
                nearest[row], second[row] = cluster, near[row]
                near[row] = distances[row]
            elif distances[row] < second[row]:
                second[row] = distances[row]
    return nearest, near, second


@njit(cache=True, nogil=True)
def _best_swap(distances, nearest, near, second, medoids):  # pragma: no cover
    """What the sum changes by when a candidate replaces the medoid where that is best.

    Args:
        distances: (sample,) to the candidate.
        nearest, near, second: see ``_two_nearest``.
        medoids: (clusters,) rows.

    Returns:
        The change in the sum of distances, and the number of the medoid to replace.
    """
    gained, lost = 0.0, np.zeros(len(medoids))
    for row in range(len(distances)):
        here = distances[row]
        gained += min(here - near[row], 0.0)
        lost[nearest[row]] += min(max(here, near[row]), second[row]) - near[row]
    replaced = lost.argmin()
    return gained + lost[replaced], replaced
