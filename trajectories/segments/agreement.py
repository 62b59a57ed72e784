"""How far two groupings of the same customers agree, each number with its interval.

Everything is computed from a table of counts: one row per segment before, one column
per segment after, in each cell the number of customers. Intervals are bootstrap
intervals of 95 % (Efron 1979): customers are redrawn with replacement, and to redraw
customers is to draw the cells from a multinomial distribution. Cost and memory do not
grow with the number of customers, but for the expected mutual information.
"""

import zlib
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import xlogy
from sklearn.metrics.cluster import expected_mutual_information

LEAST_JACCARD = 0.3
#: Pairs whose Jaccards differ by less are told apart by how like the groups are.
NEAR_TIE = 0.05
LEVELS = [0.025, 0.975]
# Less than any true difference of two of these numbers.
TINY = 1e-12


class Estimate(NamedTuple):
    """A number with the bounds of its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float


class Agreement(NamedTuple):
    """Two adjusted indices: 1 for the same groups, 0 for what chance gives."""

    ari: Estimate
    ami: Estimate


def agreement(
    cells: np.ndarray, generator: np.random.Generator, draws: int = 200
) -> Agreement:
    """Compare two groupings as wholes, by pairs of customers and by information.

    Args:
        cells: (before, after) numbers of customers, whole and not negative.
        generator: redraws the customers.
        draws: number of redrawn sets of customers.

    Returns:
        Both indices, as the two functions below give them.
    """
    ari = rand_agreement(cells, generator, draws)
    return Agreement(ari, information_agreement(cells, generator, draws))


def rand_agreement(
    cells: np.ndarray, generator: np.random.Generator, draws: int = 200
) -> Estimate:
    """Adjusted Rand index (Hubert and Arabie 1985, "Comparing partitions").

    A customer who is drawn twice agrees with herself, which lifts the index; the
    draws are therefore shifted so that their mean is the value.

    Args:
        cells: (before, after) numbers of customers, whole and not negative.
        generator: redraws the customers.
        draws: number of redrawn sets of customers.

    Returns:
        1 where the groupings are the same, also where there is nothing to tell apart
        (no customer, one customer, one group before and after); 0 for what chance
        gives. No interval for fewer than two customers.
    """
    cells = _used(cells)
    value = adjusted_rand(cells)
    if cells.sum() < 2:
        return Estimate(float(value), np.nan, np.nan)
    return _around(value, adjusted_rand(redrawn(cells, generator, draws)))


def information_agreement(
    cells: np.ndarray, generator: np.random.Generator, draws: int = 200
) -> Estimate:
    """Adjusted mutual information (Vinh, Epps and Bailey 2010).

    "Information theoretic measures for clusterings comparison", with the mean of both
    entropies as upper bound. Arguments, edge cases and shift are those of
    :func:`rand_agreement`.

    The information expected by chance is that of the customers as they are, for all
    draws: from draw to draw it hardly differs, and its cost grows with the customers.
    """
    cells = _used(cells)
    if cells.sum() < 2:
        return Estimate(1.0, np.nan, np.nan)
    by_chance = expected_mutual_information(cells, int(cells.sum()))
    drawn = adjusted_information(redrawn(cells, generator, draws), by_chance)
    return _around(adjusted_information(cells, by_chance), drawn)


def adjusted_rand(cells: np.ndarray) -> np.ndarray:
    """Adjusted Rand index (Hubert and Arabie 1985) of one table or of many.

    Args:
        cells: (..., before, after) numbers of customers.

    Returns:
        (...) at most 1; 1 where no pair of customers is told apart by one alone.
    """
    customers = cells.sum(axis=(-2, -1))
    together = _pairs(cells).sum(axis=(-2, -1))
    before = _pairs(cells.sum(axis=-1)).sum(axis=-1)
    after = _pairs(cells.sum(axis=-2)).sum(axis=-1)
    by_chance = before * after / np.maximum(_pairs(customers), 1)
    is_same = before + after == 2 * together
    largest = np.where(is_same, 1, (before + after) / 2 - by_chance)
    return np.where(is_same, 1.0, (together - by_chance) / largest)


def adjusted_information(cells: np.ndarray, by_chance: float) -> np.ndarray:
    """Adjusted mutual information (Vinh et al. 2010) of one table or of many.

    Args:
        cells: (..., before, after) numbers of customers.
        by_chance: mutual information expected for tables with the same sums of rows
            and columns, in nats.

    Returns:
        (...) at most 1; 1 where each grouping gives the other away.
    """
    customers = np.maximum(cells.sum(axis=(-2, -1), keepdims=True), 1)
    shares = cells / customers
    both = -xlogy(shares, shares).sum(axis=(-2, -1))
    before, after = shares.sum(axis=-1), shares.sum(axis=-2)
    apart = -xlogy(before, before).sum(axis=-1) - xlogy(after, after).sum(axis=-1)
    information, largest = np.maximum(apart - both, 0), apart / 2
    index = (information - by_chance) / np.maximum(largest - by_chance, TINY)
    return np.where(largest - information < TINY, 1.0, index)


def jaccards(
    cells: np.ndarray,
    pairs: np.ndarray,
    generator: np.random.Generator,
    draws: int = 200,
) -> list[Estimate]:
    """Share of the customers of either group who are in both (Jaccard 1901).

    Over refits this is the stability of a single cluster (Hennig 2007, "Cluster-wise
    assessment of cluster stability").

    Args:
        cells: (before, after) numbers of customers, whole and not negative.
        pairs: (pairs, 2) row and column of the groups to compare.
        generator: redraws the customers.
        draws: number of redrawn sets of customers.

    Returns:
        One estimate a pair, 0 to 1; NaN where both groups are empty.
    """
    rows, columns = np.reshape(pairs, (-1, 2)).astype(np.int64).T
    values = _jaccards(np.asarray(cells))[rows, columns]
    drawn = _jaccards(redrawn(cells, generator, draws))[:, rows, columns]
    return [estimate(value, draw) for value, draw in zip(values, drawn.T, strict=True)]


def stay_share(
    cells: np.ndarray,
    pairs: np.ndarray,
    generator: np.random.Generator,
    draws: int = 200,
) -> tuple[Estimate, float]:
    """Share of customers who are in the same group both times.

    Args:
        cells: (before, after) numbers of customers, whole and not negative.
        pairs: (pairs, 2) row and column of what is the same group; each row and each
            column at most once.
        generator: redraws the customers.
        draws: number of redrawn sets of customers.

    Returns:
        The share, 0 to 1, and the share that chance gives to groups of these sizes;
        both NaN without customers.
    """
    cells = np.asarray(cells)
    customers = cells.sum()
    if not customers:
        return Estimate(np.nan, np.nan, np.nan), np.nan
    rows, columns = np.reshape(pairs, (-1, 2)).astype(np.int64).T
    sizes = cells.sum(axis=1)[rows] * cells.sum(axis=0)[columns].astype(float)
    drawn = redrawn(cells, generator, draws)[:, rows, columns].sum(axis=1)
    value = cells[rows, columns].sum() / customers
    return estimate(value, drawn / customers), float(sizes.sum() / customers**2)


def match(
    cells: np.ndarray,
    least: float = LEAST_JACCARD,
    distances: np.ndarray | None = None,
) -> np.ndarray:
    """Find which group after is which group before.

    The pairs have the largest sum of Jaccards that pairs can have (Kuhn 1955, "The
    Hungarian method for the assignment problem") among those that are allowed; one
    that is not allowed never displaces one that is. Of several equal solutions the
    one that keeps the order of rows and columns is taken.

    Where customers hardly tell, what the groups are does: with distances, a group and
    the nearest one that it may go on as count as if their Jaccard were higher by
    NEAR_TIE. So a name goes on with those who deserve it.

    Args:
        cells: (before, after) numbers of customers, whole and not negative.
        least: the Jaccard that a pair must have.
        distances: (before, after) how unlike the groups are; NaN where not known.

    Returns:
        (pairs, 2) int64 rows and columns, by row; groups may be left over.

    Examples:
        >>> cells = np.array([[30, 28]])
        >>> match(cells).tolist(), match(cells, 0.3, np.array([[2, 1]])).tolist()
        ([[0, 0]], [[0, 1]])
    """
    shared = _jaccards(np.asarray(cells))
    is_allowed = shared >= max(least, TINY)
    rising = [np.arange(size, 0, -1) / max(size, 1) for size in shared.shape]
    liked = NEAR_TIE * _is_nearest(distances, is_allowed)
    worth = np.where(is_allowed, shared + liked + TINY * np.outer(*rising), 0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    kept = is_allowed[rows, columns]
    return np.stack([rows[kept], columns[kept]], axis=1).astype(np.int64)


def redrawn(
    cells: np.ndarray, generator: np.random.Generator, draws: int
) -> np.ndarray:
    """Redraw as many customers as there are, with replacement.

    Returns:
        (draws, before, after) numbers of customers.
    """
    cells = np.asarray(cells)
    customers = int(cells.sum())
    if not customers:
        return np.zeros((draws, *cells.shape), dtype=np.int64)
    drawn = generator.multinomial(customers, cells.ravel() / customers, size=draws)
    return drawn.reshape(draws, *cells.shape)


def estimate(value: float, drawn: np.ndarray) -> Estimate:
    """Put a value between the quantiles of its draws; it is never outside."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Estimate(float(value), np.nan, np.nan)
    low, high = np.quantile(known, LEVELS)
    return Estimate(float(value), float(min(low, value)), float(max(high, value)))


def generator_of(seed: int, key: str) -> np.random.Generator:
    """Make the generator of one row: the same wherever and beside whom it is."""
    return np.random.default_rng([seed, zlib.crc32(key.encode())])


def _used(cells: np.ndarray) -> np.ndarray:
    """Leave out groups without customers."""
    cells = np.asarray(cells, dtype=np.int64)
    return cells[cells.any(axis=1)][:, cells.any(axis=0)]


def _pairs(sizes: np.ndarray) -> np.ndarray:
    """Pairs among so many customers, as floats: products of pairs pass int64."""
    return sizes * (sizes - 1.0) / 2


def _jaccards(cells: np.ndarray) -> np.ndarray:
    """Jaccard of every row with every column, (..., before, after)."""
    sizes = cells.sum(axis=-1, keepdims=True) + cells.sum(axis=-2, keepdims=True)
    either = sizes - cells
    shares = np.full(cells.shape, np.nan)
    return np.divide(cells, either, out=shares, where=either > 0)


def _is_nearest(distances: np.ndarray | None, is_allowed: np.ndarray) -> np.ndarray:
    """Mark each row's nearest column among those that are allowed."""
    if distances is None or not is_allowed.size:
        return np.zeros(is_allowed.shape, dtype=bool)
    known = is_allowed & ~np.isnan(distances)
    open_distances = np.where(known, distances, np.inf)
    return known & (open_distances == open_distances.min(axis=1, keepdims=True))


def _around(value: np.ndarray, drawn: np.ndarray) -> Estimate:
    """Estimate of an index, its draws shifted so that their mean is the value."""
    return estimate(value, np.clip(drawn - drawn.mean() + value, -1, 1))
