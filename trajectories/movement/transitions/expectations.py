"""Segment sizes to expect, and how such expectations did against same as now."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import stats

from trajectories.months import month_start
from trajectories.movement.transitions.chains import (
    FEWEST_ORIGINS,
    FEWEST_PAIRS,
    Chain,
    best_windows,
    chain_at,
    expected_customers,
)
from trajectories.movement.transitions.histories import (
    PathHistory,
    read_path_histories,
)
from trajectories.newey_west import newey_west

#: Months ahead.
HORIZONS = (1, 3, 6)
#: A chance up to this one that the chain is no better lets it be published.
CHAIN_SIGNIFICANCE = 0.05
#: Share of outcomes that the band of an expectation is meant to hold.
BAND = 0.8
DRAWS = 400

EXPECTATION_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "segment_id": pa.string(),
        "origin_month": pa.date32(),
        "month": pa.date32(),
        "horizon_months": pa.int64(),
        "expected_customers": pa.float64(),
        "newcomer_customers": pa.float64(),
        "same_as_now_customers": pa.int64(),
        "published_customers": pa.float64(),
        "lower_80_customers": pa.float64(),
        "upper_80_customers": pa.float64(),
        "actual_customers": pa.int64(),
        "month_pairs": pa.int64(),
        "origins": pa.int64(),
        "chain_error_share": pa.float64(),
        "same_as_now_error_share": pa.float64(),
        "p_value": pa.float64(),
        "is_published": pa.bool_(),
        "is_band_tested": pa.bool_(),
        "reason": pa.string(),
    }
)


def simulated_offsets(
    chain: Chain, generator: np.random.Generator
) -> dict[int, np.ndarray]:
    """Simulate how far outcomes lie from the expectation.

    Each month ahead goes like one month of the window, drawn at random: its newcomers
    come, and customers move by a draw from that month's posterior, of which the chain
    is the prior. Months differ by more than chance among customers does (see
    `judge_transitions`), and so do outcomes. Customers then fall independently
    (multinomial; newcomers Poisson).

    Returns:
        Per horizon, lower and upper end of the central band of BAND, less the
        expectation, shape (2, segments), in customers.
    """
    weights = chain.move_weights
    by_month = chain.moves + weights / weights.sum(axis=1, keepdims=True)
    moved = np.broadcast_to(np.eye(len(weights)), (DRAWS, *weights.shape))
    arrived = np.zeros((DRAWS, len(weights)))
    offsets = {}
    for ahead in range(1, max(HORIZONS) + 1):
        month = generator.integers(0, len(by_month), DRAWS)
        step = generator.standard_gamma(by_month[month])
        step /= step.sum(axis=-1, keepdims=True)
        moved = moved @ step
        arrived = (arrived[:, None] @ step)[:, 0] + chain.entries[month]
        if ahead in HORIZONS:
            shares = moved / moved.sum(axis=-1, keepdims=True)
            drawn = generator.multinomial(chain.sizes, shares).sum(axis=1)
            drawn = drawn + generator.poisson(arrived)
            band = np.quantile(drawn, [(1 - BAND) / 2, (1 + BAND) / 2], axis=0)
            offsets[ahead] = band - sum(expected_customers(chain, ahead))
    return offsets


@dataclass(frozen=True)
class Expectation:
    """What was expected at one origin for so many months ahead, and what came.

    Attributes:
        origin: place of the month in the history.
        horizon: months ahead.
        chain: what the segments are, and how many customers they have now.
        expected: (segments,) customers by the chain, newcomers among them.
        newcomers: (segments,) those of them who are no customers yet.
        offsets: (2, segments) simulated band, less what is expected.
        actual: (segments,) customers that came to be there; None in the future.
    """

    origin: int
    horizon: int
    chain: Chain
    expected: np.ndarray
    newcomers: np.ndarray
    offsets: np.ndarray
    actual: np.ndarray | None

    def point(self, by_chain: bool) -> np.ndarray:
        """Return what the chain expects, or the same as now.

        That is the share that each segment has now, of the customers of now and as
        many newcomers as the chain lets in: what is expected adds up either way.
        """
        if by_chain:
            return self.expected
        sizes = self.chain.sizes
        return sizes * (1 + self.horizon * self.chain.newcomers / sizes.sum())

    def error(self, by_chain: bool) -> float:
        """Absolute errors of all segments as a share of the shop's customers."""
        missed = np.abs(self.actual - self.point(by_chain)).sum()
        return float(missed / self.chain.sizes.sum())

    def shortfalls(self, by_chain: bool) -> np.ndarray:
        """Say how far outcomes lie outside the band: (segments,) shares of the shop."""
        low, high = self.point(by_chain) + self.offsets
        outside = np.maximum(low - self.actual, self.actual - high)
        return outside / self.chain.sizes.sum()


def expectations_of(
    history: PathHistory, pairs: int, seed: int
) -> Iterator[Expectation]:
    """Expect sizes from every month with FEWEST_PAIRS before it, and from the last.

    Nothing later than the origin is looked at, but to say what came. Bands are those
    of all month pairs, for a short window has few months to draw from.
    """
    last = len(history.months) - 1
    windows = best_windows(history, pairs)
    for origin in sorted({*range(FEWEST_PAIRS, last), last} - {0}):
        chain = chain_at(history, origin, windows[origin], pairs)
        whole = chain_at(history, origin, pairs, pairs)
        name = zlib.crc32(history.segmentation.encode())
        key = [seed, name, int(history.months[origin])]
        offsets = simulated_offsets(whole, np.random.default_rng(key))
        for horizon in HORIZONS:
            members, newcomers = expected_customers(chain, horizon)
            is_past = origin + horizon <= last
            came = history.sizes[origin + horizon, chain.segments] if is_past else None
            yield Expectation(
                origin,
                horizon,
                chain,
                members + newcomers,
                newcomers,
                offsets[horizon],
                came,
            )


@dataclass(frozen=True)
class ChainRecord:
    """How the chain did at earlier origins, against the customers of then.

    Attributes:
        horizon: months ahead.
        origins: earlier months whose outcome was known.
        chain_error: mean error of the chain, see `Expectation.error`.
        same_as_now_error: mean error of saying that shares stay what they are.
        p_value: of the chain being no better.
    """

    horizon: int
    origins: int
    chain_error: float
    same_as_now_error: float
    p_value: float

    @property
    def is_won(self) -> bool:
        """Whether the chain was better by more than luck."""
        return self.p_value <= CHAIN_SIGNIFICANCE

    @property
    def reason(self) -> str:
        """Say which number is published, and why."""
        fewest = max(FEWEST_ORIGINS, self.horizon + 1)
        if self.origins < fewest:
            return (
                f"Same as now is published: {self.origins} earlier months have an"
                f" outcome, and {fewest} are needed to test the chain."
            )
        errors = (
            f"over {self.origins} earlier months it was off by"
            f" {100 * self.chain_error:.1f} % of customers, same as now by"
            f" {100 * self.same_as_now_error:.1f} %"
        )
        if self.is_won:
            return f"The chain is published: {errors} (p {_rounded(self.p_value)})."
        if self.chain_error < self.same_as_now_error:
            luck = f"which may be luck (p {_rounded(self.p_value)})"
            return f"Same as now is published, not the chain: {errors}, {luck}."
        return f"Same as now is published, not the chain: {errors}."


def _rounded(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"


def record_of(known: Sequence[Expectation], horizon: int) -> ChainRecord:
    """Compare the chain with same as now at origins whose outcome is known.

    One-sided test of Diebold and Mariano (1995) on the absolute errors, with the
    correction for few origins n of Harvey, Leybourne and Newbold (1997), the root of
    (n - h) (n - h + 1) / n^2 at horizon h, and Student's t. Errors of overlapping
    horizons are related: their variance has the weights of Newey and West (1987),
    with which it is never negative.

    Args:
        known: of one horizon, by origin.
        horizon: months ahead.
    """
    chain = np.array([each.error(by_chain=True) for each in known])
    now = np.array([each.error(by_chain=False) for each in known])
    size = len(known)
    if size == 0:
        return ChainRecord(horizon, 0, np.nan, np.nan, 1.0)
    p_value = better_p_value(now - chain, horizon)
    return ChainRecord(horizon, size, float(chain.mean()), float(now.mean()), p_value)


def better_p_value(gains: np.ndarray, horizon: int) -> float:
    """P-value of gains that are 0 or less on average; see `record_of`.

    Args:
        gains: (origins,) by how much the error is lower, in the order of origins.
        horizon: months ahead; gains so many origins apart are unrelated.

    Returns:
        1 with fewer than FEWEST_ORIGINS, or no more origins than the horizon.
    """
    size = len(gains)
    if size < FEWEST_ORIGINS or size <= horizon or gains.mean() <= 0:
        return 1.0
    variance = newey_west(gains - gains.mean(), horizon) / size
    if variance <= 1e-18:
        return 0.0
    correction = (size - horizon) * (size - horizon + 1) / size**2
    statistic = gains.mean() / np.sqrt(variance / size) * np.sqrt(correction)
    return float(stats.t.sf(statistic, size - 1))


def band_of(
    expectation: Expectation, known: Sequence[Expectation], by_chain: bool
) -> np.ndarray:
    """Widen the simulated band until it would have held BAND of earlier outcomes.

    Conformalised quantiles (Romano, Patterson and Candes 2019), by the same
    share of the shop's customers for all segments; never narrowed.

    Returns:
        (2, segments) customers, lower and upper; none below 0.
    """
    wider = 0.0
    if len(known) >= FEWEST_ORIGINS:
        outside = np.sort(np.concatenate([each.shortfalls(by_chain) for each in known]))
        place = min(int(np.ceil(BAND * (len(outside) + 1))), len(outside)) - 1
        wider = max(outside[place], 0.0) * expectation.chain.sizes.sum()
    point = expectation.point(by_chain)
    low, high = expectation.offsets + np.array([[-wider], [wider]])
    return np.maximum(point + np.array([np.minimum(low, 0), np.maximum(high, 0)]), 0)


def expect_segments(counts: pa.Table, pairs: int, seed: int) -> pa.Table:
    """Expect the sizes of segments, now and from earlier months.

    At every origin the chain is published where it had won at the origins before (see
    `record_of`), else the same as now: each segment keeps its share. Newcomers are as
    many either way, and in every segmentation. Bands are widened by what was known
    then.

    Args:
        counts: see `read_path_histories`.
        pairs: month pairs that the chain is read off, at most.
        seed: of the simulation.

    Returns:
        EXPECTATION_SCHEMA: a row per segmentation, origin month, horizon and segment;
        none for a segmentation of one month.

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
        >>> first = expect_segments(counts, pairs=12, seed=1).to_pylist()[0]
        >>> first["segment_id"], first["same_as_now_customers"]
        ('a', 8)
        >>> round(first["expected_customers"], 1), first["is_published"]
        (6.4, False)
    """
    rows: list[dict] = []
    for history in read_path_histories(counts):
        past: dict[int, list[Expectation]] = {horizon: [] for horizon in HORIZONS}
        for each in expectations_of(history, pairs, seed):
            outcomes = past[each.horizon]
            known = [e for e in outcomes if e.origin + e.horizon <= each.origin]
            rows += _expectation_rows(history, each, known)
            outcomes.append(each)
    return pa.Table.from_pylist(rows, EXPECTATION_SCHEMA)


def _expectation_rows(
    history: PathHistory, each: Expectation, known: Sequence[Expectation]
) -> Iterator[dict]:
    record = record_of(known, each.horizon)
    low, high = band_of(each, known, record.is_won)
    point = each.point(record.is_won)
    origin = int(history.months[each.origin])
    common = {
        "segmentation": history.segmentation,
        "origin_month": month_start(origin).date(),
        "month": month_start(origin + each.horizon).date(),
        "horizon_months": each.horizon,
        "month_pairs": len(each.chain.moves),
        "origins": record.origins,
        "chain_error_share": record.chain_error if known else None,
        "same_as_now_error_share": record.same_as_now_error if known else None,
        "p_value": record.p_value,
        "is_published": record.is_won,
        "is_band_tested": len(known) >= FEWEST_ORIGINS,
        "reason": record.reason,
    }
    for place, segment in enumerate(each.chain.segments):
        yield common | {
            "segment_id": history.segments[segment],
            "expected_customers": float(each.expected[place]),
            "newcomer_customers": float(each.newcomers[place]),
            "same_as_now_customers": int(each.chain.sizes[place]),
            "published_customers": float(point[place]),
            "lower_80_customers": float(low[place]),
            "upper_80_customers": float(high[place]),
            "actual_customers": None
            if each.actual is None
            else int(each.actual[place]),
        }
