"""K-means in a space without means: how centres start, and how they improve."""

from collections.abc import Callable
from typing import Protocol

import numpy as np


class Space(Protocol):
    """Series with a metric of their own; every distance here is squared.

    Attributes:
        series: (series, steps, features), NaN-padded at the end.
    """

    series: np.ndarray

    def lowered(self, nearest: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Take the less of ``nearest`` and the distance to each of some series.

        Args:
            nearest: (series,) distances to the nearest centre so far.
            rows: (draws,) series that might become centres.

        Returns:
            (series, draws).
        """

    def improve(
        self, centres: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Label every series and move the centres to the middle of theirs.

        Args:
            centres: (clusters, steps, features).
            labels: (series,) of the pass before, which may save work.

        Returns:
            labels, (series,) distances to the nearest centre, and the moved centres;
            a centre without series stays.
        """


def seed_centres(
    space: Space, clusters: int, random_state: np.random.RandomState
) -> np.ndarray:
    """Draw starting centres from the series, far ones first.

    Greedy k-means++ (Arthur and Vassilvitskii 2007) in any metric: each next centre
    is drawn with a probability proportional to its squared distance to the nearest
    so far; of some :func:`candidate_count` the one that lowers inertia most is taken.

    Returns:
        (clusters, steps, features), each stretched to the full number of steps.
    """
    size, draws = len(space.series), candidate_count(clusters)
    chosen = [random_state.randint(size)]
    nearest = space.lowered(np.full(size, np.inf), np.array(chosen))[:, 0]
    while len(chosen) < clusters:
        total = nearest.sum(dtype=float)
        chance = nearest / total if total > 0 else np.full(size, 1 / size)
        chance = chance / chance.sum(dtype=float)
        candidates = random_state.choice(size, size=draws, p=chance)
        lowered = space.lowered(nearest, candidates)
        best = lowered.sum(axis=0, dtype=float).argmin()
        chosen.append(int(candidates[best]))
        nearest = np.ascontiguousarray(lowered[:, best])
    return np.stack([stretch(space.series[row]) for row in chosen])


def candidate_count(clusters: int) -> int:
    """Count the draws of each next centre, of which the best is taken."""
    return 2 + int(np.log(clusters))


def stretch(series: np.ndarray) -> np.ndarray:
    """Stretch a NaN-padded series (steps, features) linearly over all its steps."""
    steps = len(series)
    length = int((~np.isnan(series[:, 0])).sum())
    if length == steps:
        return series.astype(float)
    position = np.linspace(0, length - 1, steps)
    columns = [np.interp(position, np.arange(length), c[:length]) for c in series.T]
    return np.stack(columns, axis=1)


def improve(
    space: Space,
    centres: np.ndarray,
    max_iter: int,
    tol: float,
    progress: Callable[[], None] = lambda: None,
) -> tuple[float, np.ndarray, int]:
    """Lloyd iterations: label by the nearest centre, move the centres, repeat.

    A centre that loses its last series starts anew at the series farthest from its
    own centre, at most once an iteration and never at a cluster's only series.

    Args:
        space: the series and their metric.
        centres: (clusters, steps, features) to start from.
        max_iter: iterations at most.
        tol: stop when inertia falls by less.
        progress: called after every iteration.

    Returns:
        The least inertia (mean squared distance), its centres, and iterations done.
    """
    best, kept = np.inf, centres
    labels = np.zeros(len(space.series), dtype=np.int64)
    for iteration in range(1, max_iter + 2):
        labels, nearest, moved = space.improve(centres, labels)
        inertia = float(nearest.mean(dtype=float))
        fallen = best - inertia
        if fallen > 0:
            best, kept = inertia, centres
        progress()
        if fallen < tol or iteration > max_iter:
            break
        centres = _fill_empty(moved, labels, nearest, space.series)
    return best, kept, min(iteration, max_iter)


def _fill_empty(centres, labels, nearest, series) -> np.ndarray:
    sizes = np.bincount(labels, minlength=len(centres))
    empty = np.flatnonzero(sizes == 0)
    if not len(empty):
        return centres
    centres = centres.copy()
    distance = np.where(sizes[labels] > 1, nearest, -1.0)
    for cluster in empty:
        farthest = int(distance.argmax())
        centres[cluster], distance[farthest] = stretch(series[farthest]), -1.0
    return centres
