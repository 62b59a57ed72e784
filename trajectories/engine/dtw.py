"""Dynamic time warping of one path against as many series as the lanes hold.

The recursion of Sakoe and Chiba, "Dynamic programming algorithm optimization for
spoken word recognition" (1978): D(i, j) = |x_i - c_j|^2 + min(D(i-1, j), D(i, j-1),
D(i-1, j-1)). A block of series lies side by side in lanes; four of its steps go down
the path together, so that four independent chains of minima keep the processor busy
and the row in between never leaves the registers.

Rounding. Every number summed is at least 0 and an alignment has at most n + m - 1
cells, so the squared distance of the rounded series is off by a factor of at most
1 + (n + m + f) u, with u = 2^-24 for float32 and 2^-53 for float64 (Higham 2002,
"Accuracy and stability of numerical algorithms", section 3.1), f being the features.
Before rounding to float32 a shift is taken off the values and they are scaled into
-1 to 1, both without effect on which path is nearest (``spaces.DtwSpace``); rounding
the values themselves then moves the distance by at most 2 u sqrt((n + m) f) of the
scale.
"""

import numpy as np
from numba import njit

from trajectories.engine.lanes import (
    LANE_BYTES,
    any_at_most,
    bits_below,
    least,
    load,
    spread,
    store,
)

TILE_STEPS = 4


@njit(cache=True, nogil=True)
def lane_count(array):  # pragma: no cover
    """Lanes that an array's dtype has: 16 for float32, 8 for float64."""
    return LANE_BYTES // array.itemsize


@njit(cache=True, nogil=True)
def reaches(length, steps, radius):  # pragma: no cover
    """How far before and past i the band lets j go; wider if lengths differ."""
    return radius + max(length - steps, 0), radius + max(steps - length, 0)


@njit(cache=True, nogil=True)
def pack(series, length, block):  # pragma: no cover
    """Lay series side by side, step by step and feature by feature.

    Args:
        series: (series, steps, features), at most as many as there are lanes; the
            lanes left over repeat the last one.
        length: steps of these series.
        block: receives (length, features, lanes), flat.
    """
    lanes, features = lane_count(block), series.shape[2]
    for lane in range(lanes):
        row, at = min(lane, len(series) - 1), lane
        for i in range(length):
            for f in range(features):
                block[at] = series[row, i, f]
                at += lanes


@njit(cache=True, nogil=True, forceinline=True)
def _cell(square, left, diagonal, above):  # pragma: no cover
    return least(least(left, diagonal), above) + square


@njit(cache=True, nogil=True, forceinline=True)
def _way(left, diagonal, above):  # pragma: no cover
    """Where a cell's cheapest alignment comes from, two bits a lane.

    The lower 16 bits say left, the upper ones above; neither is the diagonal, which
    wins a tie, as above does against left.
    """
    to_left = bits_below(left, least(diagonal, above))
    return to_left | (bits_below(above, diagonal) << np.uint32(16))


@njit(cache=True, nogil=True, forceinline=True)
def _columns(several, ragged, trace, tile, begin, stop, state):  # pragma: no cover
    """Walk a tile of four steps over some steps of the path.

    The first three arguments are constants at every call, so that the compiler
    leaves nothing of what they rule out: whether there is more than one feature,
    whether a cell may lie outside the band or past the last step, and whether each
    lane has a path of its own and the ways are kept.
    """
    block, i, last, path, features, back, ahead, width, row, ways = tile
    lanes = lane_count(block)
    stride = features * lanes
    left0, left1, left2, left3, diagonal, lowest, nothing = state
    x0, x1 = load(block, i * stride), load(block, (i + 1) * stride)
    x2, x3 = load(block, (i + 2) * stride), load(block, (i + 3) * stride)
    for j in range(begin, stop):
        above = load(row, j * lanes)
        at = j * features
        c = load(path, at * lanes) if trace else spread(path[at])
        d0, d1, d2, d3 = x0 - c, x1 - c, x2 - c, x3 - c
        square0, square1, square2, square3 = d0 * d0, d1 * d1, d2 * d2, d3 * d3
        for f in range(1, features if several else 1):
            at = j * features + f
            c = load(path, at * lanes) if trace else spread(path[at])
            at = i * stride + f * lanes
            d0, d1 = load(block, at) - c, load(block, at + stride) - c
            at += 2 * stride
            d2, d3 = load(block, at) - c, load(block, at + stride) - c
            square0, square1 = square0 + d0 * d0, square1 + d1 * d1
            square2, square3 = square2 + d2 * d2, square3 + d3 * d3
        here0 = _cell(square0, left0, diagonal, above)
        if ragged and j > i + ahead:
            here0 = nothing
        here1 = _cell(square1, left1, left0, here0)
        if ragged and (j < i + 1 - back or j > i + 1 + ahead):
            here1 = nothing
        here2 = _cell(square2, left2, left1, here1)
        if ragged and (j < i + 2 - back or j > i + 2 + ahead):
            here2 = nothing
        here3 = _cell(square3, left3, left2, here2)
        if ragged and j < i + 3 - back:
            here3 = nothing
        if trace:
            at = way_at(i, j, width, back)
            ways[at] = _way(left0, diagonal, above)
            ways[at + width] = _way(left1, left0, here0)
            ways[at + 2 * width] = _way(left2, left1, here1)
            ways[at + 3 * width] = _way(left3, left2, here2)
        bottom = here3
        if ragged and last < i + 3:
            bottom = here2 if last == i + 2 else here1 if last == i + 1 else here0
        store(row, j * lanes, bottom)
        lowest = least(lowest, bottom)
        left0, left1, left2, left3, diagonal = here0, here1, here2, here3, above
    return left0, left1, left2, left3, diagonal, lowest, nothing


@njit(cache=True, nogil=True, forceinline=True)
def way_width(length, steps, radius):  # pragma: no cover
    """Ways kept for one step of a series, at most."""
    back, ahead = reaches(length, steps, radius)
    return min(steps, back + ahead + TILE_STEPS)


@njit(cache=True, nogil=True, forceinline=True)
def way_at(i, j, width, back):  # pragma: no cover
    """Where the kept way of a cell lies: a tile starts with its band."""
    return i * width + j - max(0, i - i % TILE_STEPS - back)


@njit(cache=True, nogil=True, forceinline=True)
def _sweep(
    several, trace, block, length, path, steps, features, radius, rest, limit, row, ways
):  # pragma: no cover
    lanes = lane_count(block)
    back, ahead = reaches(length, steps, radius)
    width = way_width(length, steps, radius)
    row[: steps * lanes] = np.inf
    row[steps * lanes : (steps + 1) * lanes] = 0.0
    nothing, limits = load(row, 0), load(limit, 0)
    diagonal = load(row, steps * lanes)
    for i in range(0, length, TILE_STEPS):
        last = min(i + TILE_STEPS, length) - 1
        first, stop = max(0, i - back), min(steps, last + ahead + 1)
        if first > 0:
            diagonal = load(row, (first - 1) * lanes)
        inside_from = max(first, min(last - back, stop))
        inside_to = max(inside_from, min(i + ahead + 1, steps))
        if last < i + TILE_STEPS - 1:
            inside_from = inside_to = stop
        state = nothing, nothing, nothing, nothing, diagonal, nothing, nothing
        tile = block, i, last, path, features, back, ahead, width, row, ways
        state = _columns(several, True, trace, tile, first, inside_from, state)
        state = _columns(several, False, trace, tile, inside_from, inside_to, state)
        state = _columns(several, True, trace, tile, inside_to, stop, state)
        if not any_at_most(state[5] + load(rest, (last + 1) * lanes), limits):
            return False
        diagonal = nothing
    return True


@njit(cache=True, nogil=True)
def sweep(
    block, length, path, steps, features, radius, rest, limit, row
):  # pragma: no cover
    """Squared distances of a block of series to one path.

    Args:
        block: (length, features, lanes), flat, with room for whole tiles; see
            :func:`pack`.
        length: steps of the series.
        path: (steps, features), flat.
        steps: steps of the path.
        features: numbers per step.
        radius: of the Sakoe-Chiba band, in steps.
        rest: (length + 1, lanes), flat: at least what steps i and later add.
        limit: (lanes,) distances above which a series is of no interest.
        row: room for (steps + 1, lanes), flat; the lanes of the last step receive
            the squared distances.

    Returns:
        Whether the distances were found; False as soon as every series must exceed
        its limit.
    """
    no_ways = np.empty(0, np.uint32)
    what = block, length, path, steps, features, radius, rest, limit, row, no_ways
    if features == 1:
        return _sweep(False, False, *what)
    return _sweep(True, False, *what)


@njit(cache=True, nogil=True)
def sweep_ways(
    block, length, paths, steps, features, radius, rest, limit, row, ways
):  # pragma: no cover
    """As :func:`sweep`, each series against a path of its own, keeping the ways.

    Args:
        paths: (steps, features, lanes), flat.
        ways: uint32, room for (length + 3) * :func:`way_width`; see :func:`way_at`
            and :func:`_way`.
    """
    what = block, length, paths, steps, features, radius, rest, limit, row, ways
    return _sweep(True, True, *what)
