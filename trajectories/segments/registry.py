"""Numbers for life: which cluster of a new model is which segment of the one before."""

from collections.abc import Sequence

import numpy as np

from trajectories.segments.agreement import LEAST_JACCARD, match


def number_segments(
    cells: np.ndarray,
    numbers: Sequence[int],
    largest: int,
    least_overlap: float = LEAST_JACCARD,
    distances: np.ndarray | None = None,
) -> list[int]:
    """Number the clusters of a new model after the customers that they share.

    A cluster that overlaps enough with a segment of the model before goes on with its
    number, one segment each, so that the overlaps add up to the most
    (:func:`trajectories.segments.agreement.match`); any other gets a number that
    none ever had.

    Args:
        cells: (clusters before, clusters after) customers, the same ones both times.
        numbers: of the clusters before.
        largest: number that was ever given.
        least_overlap: Jaccard index from which a segment goes on.
        distances: (clusters before, clusters after) how unlike they are, which
            decides between overlaps that are nearly alike.

    Returns:
        One number per cluster after.
    """
    pairs = match(cells, least_overlap, distances).tolist()
    given = {after: numbers[before] for before, after in pairs}
    clusters = range(cells.shape[1])
    born = [cluster for cluster in clusters if cluster not in given]
    given |= {cluster: largest + 1 + place for place, cluster in enumerate(born)}
    return [given[cluster] for cluster in clusters]
