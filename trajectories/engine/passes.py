"""Passes over series: distances to paths, and one step of clustering them.

A pass takes series in chunks, and chunks can run in any number of threads: what a
chunk gives does not depend on the others, and sums over chunks are taken in order.
Series of one length share a block of lanes, so a pass is given an order of the rows
in which equal lengths stand together.
"""

import numpy as np
from numba import njit

from trajectories.engine.bounds import envelope, rest_bound
from trajectories.engine.dtw import (
    kept_width,
    lane_count,
    pack,
    reaches,
    sweep,
    sweep_kept,
    way_at,
)
from trajectories.engine.lanes import any_at_most, load


@njit(cache=True, nogil=True)
def _block_end(rows, lengths, begin, lanes):  # pragma: no cover
    """One past the last row that can share a block with row ``begin``."""
    end = begin + 1
    while (
        end < min(begin + lanes, len(rows))
        and lengths[rows[end]] == lengths[rows[begin]]
    ):
        end += 1
    return end


@njit(cache=True, nogil=True)
def to_paths(
    X, rows, lengths, paths, path_lengths, radius, shift, scale, limits, later, out
):  # pragma: no cover
    """Squared distances of series to paths, or their limits where those are less.

    Args:
        X: (series, steps, features).
        rows: the series to look at, equal lengths together.
        lengths: (series,) steps of each.
        paths: (paths, steps, features), shifted and scaled.
        path_lengths: (paths,) steps of each.
        radius: of the band, in steps.
        shift, scale: see :func:`dtw.pack`.
        limits: (series,) squared distances above which none is of interest.
        later: whether the paths are the series themselves, and each is only to be
            compared with itself and those after it.
        out: (series, paths), receives the rows looked at.
    """
    features, longest = X.shape[2], X.shape[1]
    room = max(longest, paths.shape[1]) + 4
    block = np.zeros(room * features * lane_count(paths), paths.dtype)
    lanes = lane_count(block)
    row, rest = np.empty(room * lanes, paths.dtype), np.zeros(room * lanes, paths.dtype)
    limit = np.empty(lanes, paths.dtype)
    begin = 0
    while begin < len(rows):
        end = _block_end(rows, lengths, begin, lanes)
        members = rows[begin:end]
        length = lengths[rows[begin]]
        pack(X, members, length, shift, scale, block)
        for lane in range(lanes):
            limit[lane] = limits[members[min(lane, len(members) - 1)]]
        for p in range(members.min() if later else 0, len(paths)):
            steps = path_lengths[p]
            is_found = sweep(
                block,
                length,
                paths[p].ravel(),
                steps,
                features,
                radius,
                rest,
                limit,
                row,
            )
            for lane in range(len(members)):
                found = limit[lane]
                if is_found:
                    found = min(found, row[(steps - 1) * lanes + lane])
                out[members[lane], p] = found
        begin = end


@njit(cache=True, nogil=True)
def to_nearest(
    X,
    rows,
    lengths,
    centres,
    radius,
    shift,
    scale,
    slack,
    labels,
    nearest,
    sums,
    counts,
):  # pragma: no cover
    """Nearest centre of each series and, if asked, what the centre is aligned with.

    The centre that the block's first series had last time is tried first; the others
    are left alone as soon as a bound says that no series of the block can be nearer
    to them. Neither changes a result.

    Args:
        X, rows, lengths, radius, shift, scale: see :func:`to_paths`.
        centres: (clusters, steps, features), shifted and scaled.
        slack: see :func:`bounds.slack`.
        labels: (series,) from the last pass; receives the nearest centres.
        nearest: (series,) receives the squared distances to them.
        sums: (clusters, steps, features) float64, or empty for no alignment;
            increased by the values aligned with each step of the centres.
        counts: (clusters, steps) float64; increased by their number.

    Returns:
        The number of sweeps that were begun and that were finished.
    """
    clusters, steps, features = centres.shape
    lanes, longest = lane_count(centres), X.shape[1]
    room = max(longest, steps) + 4
    block = np.zeros(room * features * lanes, centres.dtype)
    paths = np.empty(steps * features * lanes, centres.dtype)
    row = np.empty((steps + 1) * lanes, centres.dtype)
    rest = np.zeros(room * lanes, centres.dtype)
    limit = np.empty(lanes, centres.dtype)
    room = 0
    if sums.size:
        for length in lengths[rows]:  # a shorter series has a wider band
            room = max(room, (length + 3) * kept_width(length, steps, radius))
    ways = np.empty(room, np.uint32)
    own = np.empty(lanes, np.int64)
    low = np.empty((clusters, longest * features), centres.dtype)
    high = np.empty_like(low)
    begun = finished = begin = enveloped = 0
    while begin < len(rows):
        end = _block_end(rows, lengths, begin, lanes)
        members = rows[begin:end]
        length = lengths[rows[begin]]
        pack(X, members, length, shift, scale, block)
        if length != enveloped:
            for c in range(clusters):
                path = centres[c].ravel()
                envelope(path, steps, features, length, radius, low[c], high[c])
            enveloped = length
        limit[:] = np.inf
        own[:] = clusters
        first = labels[members[0]]
        for turn in range(clusters):
            c = first if turn == 0 else turn - 1 if turn <= first else turn
            if turn == 0:
                rest[:] = 0.0
            else:
                rest_bound(block, length, features, low[c], high[c], rest)
                if not any_at_most(load(rest, 0), load(limit, 0)):
                    continue
            begun += 1
            if not sweep(
                block,
                length,
                centres[c].ravel(),
                steps,
                features,
                radius,
                rest,
                limit,
                row,
            ):
                continue
            finished += 1
            for lane in range(len(members)):
                found, member = row[(steps - 1) * lanes + lane], members[lane]
                if (
                    own[lane] == clusters
                    or found < nearest[member]
                    or (found == nearest[member] and c < own[lane])
                ):
                    nearest[member], own[lane] = found, c
                    limit[lane] = found * slack
            for lane in range(len(members), lanes):
                limit[lane] = limit[len(members) - 1]
        for lane in range(len(members)):
            labels[members[lane]] = own[lane]
        if sums.size:
            for lane in range(lanes):
                centre = centres[own[min(lane, len(members) - 1)]]
                at = lane
                for j in range(steps):
                    for f in range(features):
                        paths[at] = centre[j, f]
                        at += lanes
            limit[:] = np.inf
            rest[:] = 0.0
            sweep_kept(
                block,
                length,
                paths,
                steps,
                features,
                radius,
                rest,
                limit,
                row,
                ways,
            )
            for lane in range(len(members)):
                _add_aligned(
                    block, ways, lane, length, steps, radius, own[lane], sums, counts
                )
        begin = end
    return begun, finished


@njit(cache=True, nogil=True)
def _add_aligned(
    block, ways, lane, length, steps, radius, cluster, sums, counts
):  # pragma: no cover
    """Walk the cheapest alignment back and add the series to its centre's sums."""
    lanes, features = lane_count(block), sums.shape[2]
    back, _ = reaches(length, steps, radius)
    width = kept_width(length, steps, radius)
    left, above = np.uint32(lane), np.uint32(lane + 16)
    i, j = length - 1, steps - 1
    while True:
        counts[cluster, j] += 1.0
        for f in range(features):
            sums[cluster, j, f] += block[(i * features + f) * lanes + lane]
        if i == 0 and j == 0:
            return
        way = ways[way_at(i, j, width, back)]
        to_left = (way >> left) & np.uint32(1)
        to_above = (way >> above) & (np.uint32(1) - to_left)
        i, j = i - 1 + np.int64(to_left), j - 1 + np.int64(to_above)
