"""What a series is at least away from a path, without walking the cells.

Keogh and Ratanamahatana, "Exact indexing of dynamic time warping" (2005): every step
of a series is aligned with at least one step of the path inside the band, so it adds
at least its squared distance to the range of those steps. Summed from the end, the
bound serves twice: in full before a sweep begins, and for the steps still to come
whenever a sweep asks whether to go on (Rakthanmanon et al. 2012, "Searching and
mining trillions of time series subsequences", section 4.2.4).

Both sides are sums of the same rounded numbers in another order, so a bound may lie
above a distance by rounding alone; ``slack`` is the factor that covers it.
"""

import numpy as np
from numba import njit

from trajectories.engine.dtw import lane_count, reaches
from trajectories.engine.lanes import load, most, spread, store


@njit(cache=True, nogil=True)
def envelope(path, steps, features, length, radius, low, high):  # pragma: no cover
    """Range of the path's steps that each step of a series can be aligned with.

    Args:
        path: (steps, features), flat.
        length: steps of the series.
        radius: of the band, in steps.
        low, high: receive (length, features), flat.
    """
    back, ahead = reaches(length, steps, radius)
    for i in range(length):
        for f in range(features):
            lowest, highest = np.inf, -np.inf
            for j in range(max(0, i - back), min(steps, i + ahead + 1)):
                value = path[j * features + f]
                lowest, highest = min(lowest, value), max(highest, value)
            low[i * features + f], high[i * features + f] = lowest, highest


@njit(cache=True, nogil=True)
def rest_bound(block, length, features, low, high, rest):  # pragma: no cover
    """Squared distance that steps i and later of each series add at least.

    Args:
        block: (length, features, lanes), flat; see :func:`dtw.pack`.
        low, high: from :func:`envelope`.
        rest: receives (length + 1, lanes), flat; the first lanes bound the whole.
    """
    lanes = lane_count(block)
    rest[length * lanes : (length + 1) * lanes] = 0.0
    total = nothing = load(rest, length * lanes)
    for i in range(length - 1, -1, -1):
        for f in range(features):
            at = i * features + f
            value = load(block, at * lanes)
            below, above = spread(low[at]) - value, value - spread(high[at])
            outside = most(most(below, above), nothing)
            total = total + outside * outside
        store(rest, i * lanes, total)


def slack(dtype: np.dtype, cells: int, features: int) -> float:
    """Return the factor by which rounding may lift a bound over its distance."""
    return 1.0 + 4.0 * (cells + features) * float(np.finfo(dtype).eps)
