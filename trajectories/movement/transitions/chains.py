"""The chain that a month's history gives: probabilities, and where they lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import stats

from trajectories.months import month_start
from trajectories.movement.transitions.histories import (
    PathHistory,
    read_path_histories,
)

#: The prior of a row weighs as much as these customers: some as customers move in
#: general, and one spread evenly over the segments that can be entered (Perks 1947),
#: so that a path not seen yet keeps a probability.
GENERAL_CUSTOMERS = 5.0
EVEN_CUSTOMERS = 1.0
#: Month pairs before the first origin that is tested.
FEWEST_PAIRS = 6
#: Origins with an outcome before anything is chosen by how it did.
FEWEST_ORIGINS = 3
#: By so much the errors of fewer months must be lower, as a share, to count them alone.
SMALL_LOSS = 0.05

ESTIMATE_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "from_segment_id": pa.string(),
        "to_segment_id": pa.string(),
        "month": pa.date32(),
        "month_pairs": pa.int64(),
        "customers": pa.int64(),
        "from_customers": pa.int64(),
        "probability": pa.float64(),
        "lower_95_probability": pa.float64(),
        "upper_95_probability": pa.float64(),
    }
)
STEP_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "month": pa.date32(),
        "horizon_months": pa.int64(),
        "from_segment_id": pa.string(),
        "to_segment_id": pa.string(),
        "probability": pa.float64(),
    }
)


@dataclass(frozen=True)
class Chain:
    """What is known at the end of a month of how customers move.

    Attributes:
        segments: (segments,) places in the history's segments: those in force.
        sizes: (segments,) customers at the end of the month.
        moves: (pairs, segments, segments) customers who moved, by month of arrival.
        entries: (pairs, segments) newcomers, by month.
        newcomers: mean number of newcomers in a month.
    """

    segments: np.ndarray
    sizes: np.ndarray
    moves: np.ndarray
    entries: np.ndarray
    newcomers: float

    @property
    def move_weights(self) -> np.ndarray:
        """Dirichlet parameters of each row of the chain, (segments, segments)."""
        counts = self.moves.sum(axis=0)
        return counts + row_prior(counts)

    @property
    def entry_weights(self) -> np.ndarray:
        """Dirichlet parameters of where newcomers start, (segments,).

        The prior weighs as much as one customer, and starts where customers are.
        """
        prior = self.sizes / self.sizes.sum()
        return self.entries.sum(axis=0) + EVEN_CUSTOMERS * prior


def chain_at(history: PathHistory, origin: int, window: int, pairs: int) -> Chain:
    """Read the chain off the last month pairs up to a month, and no later one.

    Paths into segments that the month's map no longer has are left out.

    Args:
        history: of one segmentation.
        origin: place of the month in the history.
        window: month pairs to count moves over, at most.
        pairs: month pairs to count newcomers over, at most: as many for every
            window, so that segmentations expect the same of them.
    """
    counted = history.window(origin, window)
    kept = np.flatnonzero(history.in_force(origin))
    return Chain(
        segments=kept,
        sizes=history.sizes[origin, kept],
        moves=history.moves[counted][:, kept[:, None], kept],
        entries=history.entries[counted][:, kept],
        newcomers=history.newcomers(origin, pairs),
    )


def best_windows(history: PathHistory, pairs: int) -> np.ndarray:
    """Choose how far back the chain looks at each month: as far as served it best.

    Of the pairs asked for, half and a quarter of them, the window whose chain was off
    least, one month ahead, over the months known by then; all pairs until there are
    FEWEST_ORIGINS, and where that is worse by no more than SMALL_LOSS. Where months
    are alike the long one has less noise, where behaviour drifts the short one is
    nearer.

    Args:
        history: of one segmentation.
        pairs: month pairs to count, at most.

    Returns:
        (months,) month pairs.
    """
    windows = [pairs, *(part for part in (pairs // 2, pairs // 4) if part > 0)]
    errors = np.zeros((len(windows), len(history.months)))
    for place, window in enumerate(windows):
        for origin in range(FEWEST_PAIRS, len(history.months) - 1):
            chain = chain_at(history, origin, window, pairs)
            missed = sum(expected_customers(chain, 1))
            missed = missed - history.sizes[origin + 1, chain.segments]
            errors[place, origin + 1] = np.abs(missed).sum() / chain.sizes.sum()
    so_far = errors.cumsum(axis=1)
    so_far[0] *= 1 - SMALL_LOSS
    best = so_far.argmin(axis=0)
    best[: FEWEST_PAIRS + FEWEST_ORIGINS] = 0
    return np.array(windows)[best]


def row_prior(counts: np.ndarray) -> np.ndarray:
    """Guess each row of a chain from all the others.

    A segment of which nothing is known is stayed in as often as segments are in
    general, and left for where leavers go in general: a prior centred on what the
    margins say (Fienberg and Holland 1973). What no customer has entered from
    anywhere else, such as the stage of the new, stays impossible to enter.

    Args:
        counts: (segments, segments) customers by segment before and after.

    Returns:
        (segments, segments) Dirichlet parameters; each row adds up to
        GENERAL_CUSTOMERS and EVEN_CUSTOMERS.
    """
    own = np.diag(counts)
    staying = own.sum() / counts.sum() if counts.sum() else 1.0
    arrivals = np.tile(counts.sum(axis=0) - own, (len(counts), 1)).astype(float)
    np.fill_diagonal(arrivals, 0)
    totals = arrivals.sum(axis=1, keepdims=True)
    leaving = (1 - staying) * np.divide(
        arrivals, totals, out=np.zeros_like(arrivals), where=totals > 0
    )
    general = leaving + np.diag(1 - leaving.sum(axis=1))
    possible = (arrivals > 0) | np.eye(len(counts), dtype=bool)
    even = possible / possible.sum(axis=1, keepdims=True)
    return GENERAL_CUSTOMERS * general + EVEN_CUSTOMERS * even


def expected_customers(chain: Chain, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Move today's members on by the chain, and let newcomers in.

    Args:
        chain: what is known.
        horizon: months ahead.

    Returns:
        Expected customers per segment at the end of the month, those who are
        customers today and newcomers, both of shape (segments,). The first add up
        to today's customers, the others to horizon times a month's newcomers.
    """
    weights, entry = chain.move_weights, chain.entry_weights
    step = weights / weights.sum(axis=1, keepdims=True)
    entrants = chain.newcomers * entry / entry.sum()
    members, newcomers = chain.sizes.astype(float), np.zeros(len(entry))
    for _ in range(horizon):
        members, newcomers = members @ step, newcomers @ step + entrants
    return members, newcomers


def estimate_transitions(counts: pa.Table, pairs: int) -> pa.Table:
    """Estimate the probabilities of the chain in the latest month.

    Posterior means of Dirichlet rows, and central 95 % intervals of their margins,
    which are Beta (Gelman et al. 2013, Bayesian Data Analysis, section 3.4). They
    hold for customers who move independently, in months that are alike.

    Args:
        counts: see `read_path_histories`.
        pairs: month pairs that the chain is read off, at most.

    Returns:
        ESTIMATE_SCHEMA: a row per segmentation and pair of segments in force, and per
        segment in which newcomers start (from_segment_id is null).

    Examples:
        >>> from trajectories.movement.transitions.histories import PATH_COLUMNS
        >>> from datetime import date
        >>> paths = [("a", "a", 8), ("a", "b", 2), ("b", "b", 5)]
        >>> rows = [
        ...     ("value", date(2017, month, 1), None, before, after, after, customers)
        ...     for month in (11, 12)
        ...     for before, after, customers in paths
        ... ]
        >>> counts = pa.table([*zip(*rows)], names=PATH_COLUMNS)
        >>> first = estimate_transitions(counts, pairs=12).to_pylist()[0]
        >>> first["from_segment_id"], first["to_segment_id"], first["customers"]
        ('a', 'a', 8)
        >>> round(first["probability"], 3)
        0.802
    """
    rows: list[dict] = []
    for history in read_path_histories(counts):
        last = len(history.months) - 1
        window = best_windows(history, pairs)[last]
        chain = chain_at(history, last, window, pairs)
        names = history.segments[chain.segments]
        seen = [*chain.moves.sum(axis=0), chain.entries.sum(axis=0)]
        weights = [*chain.move_weights, chain.entry_weights]
        if last > 0:
            common = {
                "segmentation": history.segmentation,
                "month": month_start(history.months[last]).date(),
                "month_pairs": len(chain.moves),
            }
            for start, count, weight in zip([*names, None], seen, weights, strict=True):
                rows += _estimate_rows(common, start, names, count, weight)
    return pa.Table.from_pylist(rows, ESTIMATE_SCHEMA)


def _estimate_rows(
    common: dict,
    start: str | None,
    names: np.ndarray,
    seen: np.ndarray,
    weights: np.ndarray,
) -> Iterator[dict]:
    low, high = credible_interval(weights)
    for place, name in enumerate(names):
        yield common | {
            "from_segment_id": start,
            "to_segment_id": name,
            "customers": int(seen[place]),
            "from_customers": int(seen.sum()),
            "probability": float(weights[place] / weights.sum()),
            "lower_95_probability": float(low[place]),
            "upper_95_probability": float(high[place]),
        }


def credible_interval(weights: np.ndarray) -> np.ndarray:
    """Central 95 % intervals of Dirichlet probabilities.

    Args:
        weights: (segments,) Dirichlet parameters; where 0, the probability is 0.

    Returns:
        (2, segments), lower and upper.
    """
    rest = weights.sum() - weights
    is_open = (weights > 0) & (rest > 0)
    ends = np.array([[0.025], [0.975]])
    # Where it is 0 or all there is, nothing is uncertain.
    within = stats.beta.ppf(ends, np.where(is_open, weights, 1), np.maximum(rest, 1e-9))
    return np.where(is_open, within, (weights > 0).astype(float))


def follow_chains(counts: pa.Table, pairs: int, horizons: Sequence[int]) -> pa.Table:
    """Say where each segment's customers go, as it was known at each month's end.

    One month ahead it is the row of `estimate_transitions`; further ones follow the
    chain.

    Args:
        counts: see `read_path_histories`.
        pairs: month pairs that the chain is read off, at most.
        horizons: months ahead, each at least 1.

    Returns:
        STEP_SCHEMA: a row per segmentation, month from the second on, horizon, and
        pair of segments in force, where the path is possible.

    Examples:
        >>> from trajectories.movement.transitions.histories import PATH_COLUMNS
        >>> from datetime import date
        >>> paths = [("a", "a", 8), ("a", "b", 2), ("b", "b", 5)]
        >>> rows = [
        ...     ("value", date(2017, month, 1), None, before, after, after, customers)
        ...     for month in (11, 12)
        ...     for before, after, customers in paths
        ... ]
        >>> counts = pa.table([*zip(*rows)], names=PATH_COLUMNS)
        >>> steps = follow_chains(counts, pairs=12, horizons=[1, 2])
        >>> [round(chance, 3) for chance in steps["probability"].to_pylist()]
        [0.802, 0.198, 1.0, 0.643, 0.357, 1.0]
    """
    rows: list[dict] = []
    for history in read_path_histories(counts):
        windows = best_windows(history, pairs)
        for origin in range(1, len(history.months)):
            chain = chain_at(history, origin, windows[origin], pairs)
            names = history.segments[chain.segments]
            step = chain.move_weights / chain.move_weights.sum(axis=1, keepdims=True)
            common = {
                "segmentation": history.segmentation,
                "month": month_start(history.months[origin]).date(),
            }
            for horizon in horizons:
                ahead = np.linalg.matrix_power(step, horizon)
                rows += [
                    common
                    | {
                        "horizon_months": horizon,
                        "from_segment_id": names[start],
                        "to_segment_id": names[end],
                        "probability": float(ahead[start, end]),
                    }
                    for start, end in np.argwhere(ahead > 0)
                ]
    return pa.Table.from_pylist(rows, STEP_SCHEMA)
