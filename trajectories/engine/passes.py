"""Passes over a chunk of series: distances to paths, and alignment with centres.

Series of one length share a block of lanes, so a chunk comes in an order in which
equal lengths stand together. What a chunk gives does not depend on other chunks, so
that they can run in any number of threads.
"""

import numpy as np
from numba import njit

from trajectories.engine.bounds import envelope, rest_bound
from trajectories.engine.dtw import (
    lane_count,
    pack,
    reaches,
    sweep,
    sweep_ways,
    way_at,
    way_width,
)
from trajectories.engine.lanes import any_at_most, load


@njit(cache=True, nogil=True)
def _block_end(lengths, begin, lanes):  # pragma: no cover
    """One past the last series that can share a block with series ``begin``."""
    end = begin + 1
    while end < min(begin + lanes, len(lengths)) and lengths[end] == lengths[begin]:
        end += 1
    return end


@njit(cache=True, nogil=True)
def to_paths(
    series, lengths, paths, path_lengths, radius, limits, first, slack, out
):  # pragma: no cover
    """Squared distances of series to paths, where they are of interest.

    Args:
        series: (series, steps, features), NaN-padded at the end.
        lengths: (series,) steps of each, equal ones together.
        paths: (paths, steps, features).
        path_lengths: (paths,) steps of each.
        radius: of the Sakoe-Chiba band, in steps.
        limits: (series,) squared distances above which none is of interest.
        first: (series,) the path to begin with; the block's first series decides.
        slack: 0, or the factor of :func:`bounds.slack` if only the nearest path is of
            interest: each path found then lowers the limit for the others, and bounds
            come before sweeps.
        out: (series, paths) receives the distances, infinity for those left out.

    Returns:
        The number of blocks times paths, of sweeps begun, and of sweeps finished.
    """
    longest, features = series.shape[1:]
    lanes, size = lane_count(paths), len(paths)
    room = max(longest, paths.shape[1]) + 4
    block = np.zeros(room * features * lanes, paths.dtype)
    row, rest = np.empty(room * lanes, paths.dtype), np.zeros(room * lanes, paths.dtype)
    limit = np.empty(lanes, paths.dtype)
    low = np.empty((size if slack else 0, longest * features), paths.dtype)
    high = np.empty_like(low)
    possible = begun = finished = begin = enveloped = 0
    while begin < len(lengths):
        end, length = _block_end(lengths, begin, lanes), lengths[begin]
        pack(series[begin:end], length, block)
        for lane in range(lanes):
            limit[lane] = limits[min(begin + lane, end - 1)]
        if slack and length != enveloped:
            for p in range(size):
                path, steps = paths[p].ravel(), path_lengths[p]
                envelope(path, steps, features, length, radius, low[p], high[p])
            enveloped = length
        for turn in range(size):
            p = (first[begin] + turn) % size
            possible += 1
            if slack and turn:
                rest_bound(block, length, features, low[p], high[p], rest)
                if not any_at_most(load(rest, 0), load(limit, 0)):
                    out[begin:end, p] = np.inf
                    continue
            begun += 1
            path, steps = paths[p].ravel(), path_lengths[p]
            if not sweep(
                block, length, path, steps, features, radius, rest, limit, row
            ):
                out[begin:end, p] = np.inf
                continue
            finished += 1
            for lane in range(end - begin):
                found = row[(steps - 1) * lanes + lane]
                out[begin + lane, p] = found
                if slack:
                    limit[lane] = min(limit[lane], found * slack)
            for lane in range(end - begin, lanes):
                limit[lane] = limit[end - begin - 1]
        rest[:] = 0.0
        begin = end
    return possible, begun, finished


@njit(cache=True, nogil=True)
def align(series, lengths, labels, centres, radius, sums, counts):  # pragma: no cover
    """Add each series to the steps of its centre that it is aligned with.

    Args:
        series, lengths, radius: see :func:`to_paths`.
        labels: (series,) each one's centre.
        centres: (clusters, steps, features).
        sums: (clusters, steps, features) float64, increased by the values aligned.
        counts: (clusters, steps) float64, increased by their number.
    """
    longest, features = series.shape[1:]
    lanes, steps = lane_count(centres), centres.shape[1]
    room, way_room = max(longest, steps) + 4, 0
    for length in lengths:  # a shorter series has a wider band
        way_room = max(way_room, (length + 3) * way_width(length, steps, radius))
    block = np.zeros(room * features * lanes, centres.dtype)
    own = np.empty(steps * features * lanes, centres.dtype)
    row, rest = np.empty((steps + 1) * lanes, centres.dtype), np.zeros_like(block)
    limit = np.full(lanes, np.inf, centres.dtype)
    ways = np.empty(way_room, np.uint32)
    begin = 0
    while begin < len(lengths):
        end, length = _block_end(lengths, begin, lanes), lengths[begin]
        pack(series[begin:end], length, block)
        pack(centres[labels[begin:end]], steps, own)
        sweep_ways(block, length, own, steps, features, radius, rest, limit, row, ways)
        for lane in range(end - begin):
            cluster = labels[begin + lane]
            _add_aligned(
                block, ways, lane, length, radius, sums[cluster], counts[cluster]
            )
        begin = end


@njit(cache=True, nogil=True)
def _add_aligned(block, ways, lane, length, radius, sums, counts):  # pragma: no cover
    """Walk the cheapest alignment of one lane back, adding to its centre's sums."""
    lanes, (steps, features) = lane_count(block), sums.shape
    back, _ = reaches(length, steps, radius)
    width = way_width(length, steps, radius)
    left, above = np.uint32(lane), np.uint32(lane + 16)
    i, j = length - 1, steps - 1
    while True:
        counts[j] += 1.0
        for f in range(features):
            sums[j, f] += block[(i * features + f) * lanes + lane]
        if i == 0 and j == 0:
            return
        # Without a branch, for the way is as good as random.
        way = ways[way_at(i, j, width, back)]
        to_left = (way >> left) & np.uint32(1)
        to_above = (way >> above) & (np.uint32(1) - to_left)
        i, j = i - 1 + np.int64(to_left), j - 1 + np.int64(to_above)
