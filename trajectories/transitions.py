"""How customers move between segments, and how many will be where.

A month's segments depend on those of the month before: a Markov chain whose states
are all segments, the stages of customers who are not clustered among them. Newcomers
enter it, nobody leaves it: who stops buying lapses.

Counts come as one row per segmentation, month and path (see `read_histories`); they
grow with segments and months, not with customers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

#: Months ahead.
HORIZONS = (1, 3, 6)
#: Month pairs before the first origin that is tested.
FEWEST_PAIRS = 6
#: Origins with an outcome before the chain can be published or a band be widened.
FEWEST_ORIGINS = 3
#: The prior of a row of probabilities weighs as much as one customer (Perks 1947).
PRIOR_CUSTOMERS = 1.0
#: A p-value up to this one counts.
SIGNIFICANCE = 0.05
#: A departure from the chain that gains less of the log-likelihood matters little.
SMALL_GAIN = 0.05
#: Share of outcomes that the band of an expectation is meant to hold.
BAND = 0.8
DRAWS = 400

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
        "origins": pa.int64(),
        "chain_error_share": pa.float64(),
        "same_as_now_error_share": pa.float64(),
        "p_value": pa.float64(),
        "is_published": pa.bool_(),
        "reason": pa.string(),
    }
)
TEST_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "test": pa.string(),
        "month_pairs": pa.int64(),
        "customers": pa.int64(),
        "statistic": pa.float64(),
        "degrees_of_freedom": pa.int64(),
        "p_value": pa.float64(),
        "gained_share": pa.float64(),
        "verdict": pa.string(),
    }
)

COLUMNS = (
    "segmentation",
    "month",
    "earlier_segment_id",
    "previous_segment_id",
    "frozen_segment_id",
    "segment_id",
    "customers",
)


@dataclass(frozen=True)
class History:
    """What one segmentation's customers did, month by month.

    Attributes:
        segmentation: its name.
        segments: (segments,) ids, sorted.
        months: (months,) numbers of months since year 0, without gaps.
        paths: (months, segments, segments, segments) customers by the segment two
            months before, the month before, and of the month as the map of the month
            before has it. Only customers who were there all three months.
        moves: (months, segments, segments) the same by the last two alone, with
            customers of two months; nobody in the first month.
        entries: (months, segments) newcomers; nobody in the first month, in which
            who is new is not known.
        sizes: (months, segments) customers, by the month's own map.
        is_redrawn: (months,) whether the map was redrawn in the month.
    """

    segmentation: str
    segments: np.ndarray
    months: np.ndarray
    paths: np.ndarray
    moves: np.ndarray
    entries: np.ndarray
    sizes: np.ndarray
    is_redrawn: np.ndarray

    def window(self, origin: int, pairs: int) -> slice:
        """Return the last month pairs up to a month, by the later month of each.

        Raises:
            ValueError: not even one pair is asked for.
        """
        if pairs < 1:
            raise ValueError(
                f"The last {pairs} month pairs were asked for. Set transition_months to"
                " 1 or more; 12 hold every season once."
            )
        return slice(max(origin + 1 - pairs, 1), origin + 1)

    def in_force(self, origin: int) -> np.ndarray:
        """Say which segments the map of a month has: (segments,) booleans.

        Those with members at any time since the map was last redrawn.
        """
        redrawn = np.flatnonzero(self.is_redrawn[: origin + 1])
        since = redrawn[-1] if len(redrawn) else 0
        return self.sizes[since : origin + 1].sum(axis=0) > 0


def read_histories(counts: pd.DataFrame) -> list[History]:
    """Turn counted paths into one history per segmentation, sorted by name.

    Args:
        counts: one row per segmentation, month and path, with COLUMNS: segment two
            months before, of the month before (both null where there was none), of
            the month by the map of the month before and by its own, and customers.

    Raises:
        ValueError: a column is missing, or a month between two others.
    """
    missing = [name for name in COLUMNS if name not in counts.columns]
    if missing:
        raise ValueError(
            f"The counted paths have no column {', '.join(missing)}; found"
            f" {', '.join(map(str, counts.columns)) or 'no columns'}. Give one row per"
            " segmentation, month and path, as int_segment_transitions has them."
        )
    return [
        _read_history(str(name), rows)
        for name, rows in counts.groupby("segmentation", sort=True)
    ]


def _read_history(segmentation: str, rows: pd.DataFrame) -> History:
    dates = pd.to_datetime(rows["month"])
    numbers = (dates.dt.year * 12 + dates.dt.month - 1).to_numpy(np.int64)
    months = np.unique(numbers)
    if months[-1] - months[0] >= len(months):
        raise ValueError(
            f"The paths of {segmentation} have {len(months)} months between"
            f" {_first_day(months[0])} and {_first_day(months[-1])}: some are missing."
            " Give the paths of every month, for a chain has no gaps."
        )
    names = ["earlier_segment_id", "previous_segment_id", "frozen_segment_id"]
    found = pd.concat([rows[name] for name in [*names, "segment_id"]]).dropna()
    segments = pd.Index(np.unique(found.astype(str)), dtype=object)
    month = numbers - months[0]
    earlier, previous, frozen = (segments.get_indexer(rows[name]) for name in names)
    own = segments.get_indexer(rows["segment_id"])
    customers = rows["customers"].to_numpy(np.int64)
    came = (previous < 0) & (month > 0)

    def count(*places: np.ndarray) -> np.ndarray:
        known = np.logical_and.reduce([place >= 0 for place in places])
        table = np.zeros((len(months), *[len(segments)] * len(places)), np.int64)
        at = (month[known], *(place[known] for place in places))
        np.add.at(table, at, customers[known])
        return table

    return History(
        segmentation=segmentation,
        segments=segments.to_numpy(),
        months=months,
        paths=count(earlier, previous, frozen),
        moves=count(previous, frozen),
        entries=count(np.where(came, own, -1)),
        sizes=count(own),
        is_redrawn=np.bincount(month[own != frozen], minlength=len(months)) > 0,
    )


def _first_day(month: int) -> date:
    return date(int(month) // 12, int(month) % 12 + 1, 1)


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
        return counts + PRIOR_CUSTOMERS * prior_centre(counts)

    @property
    def entry_weights(self) -> np.ndarray:
        """Dirichlet parameters of where newcomers start, (segments,).

        The prior is centred on where customers are.
        """
        prior = self.sizes / max(self.sizes.sum(), 1)
        return self.entries.sum(axis=0) + PRIOR_CUSTOMERS * prior


def chain_at(history: History, origin: int, pairs: int) -> Chain:
    """Read the chain off the last month pairs up to a month, and no later one.

    Paths into segments that the month's map no longer has are left out.

    Args:
        history: of one segmentation.
        origin: place of the month in the history.
        pairs: month pairs to count, at most.
    """
    window = history.window(origin, pairs)
    kept = np.flatnonzero(history.in_force(origin))
    entries = history.entries[window]
    return Chain(
        segments=kept,
        sizes=history.sizes[origin, kept],
        moves=history.moves[window][:, kept[:, None], kept],
        entries=entries[:, kept],
        newcomers=float(entries.sum() / max(len(entries), 1)),
    )


def prior_centre(counts: np.ndarray) -> np.ndarray:
    """Guess each row of a chain from all the others.

    A segment of which nothing is known is stayed in as often as segments are in
    general, and left for where leavers go in general: a prior centred on what the
    margins say (Fienberg and Holland 1973). What no customer has entered from
    anywhere else, such as the stage of the new, stays impossible to enter.

    Args:
        counts: (segments, segments) customers by segment before and after.

    Returns:
        (segments, segments), rows add up to 1.
    """
    own = np.diag(counts)
    staying = own.sum() / counts.sum() if counts.sum() else 1.0
    arrivals = np.tile(counts.sum(axis=0) - own, (len(counts), 1)).astype(float)
    np.fill_diagonal(arrivals, 0)
    totals = arrivals.sum(axis=1, keepdims=True)
    leaving = (1 - staying) * np.divide(
        arrivals, totals, out=np.zeros_like(arrivals), where=totals > 0
    )
    return leaving + np.diag(1 - leaving.sum(axis=1))


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
    entrants = chain.newcomers * entry / max(entry.sum(), 1e-300)
    members, newcomers = chain.sizes.astype(float), np.zeros(len(entry))
    for _ in range(horizon):
        members, newcomers = members @ step, newcomers @ step + entrants
    return members, newcomers


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
        """Return what the chain expects, or the customers of now."""
        return self.expected if by_chain else self.chain.sizes

    def error(self, by_chain: bool) -> float:
        """Absolute errors of all segments as a share of the shop's customers."""
        missed = np.abs(self.actual - self.point(by_chain)).sum()
        return float(missed / self.chain.sizes.sum())

    def shortfalls(self, by_chain: bool) -> np.ndarray:
        """Say how far outcomes lie outside the band: (segments,) shares of the shop."""
        low, high = self.point(by_chain) + self.offsets
        outside = np.maximum(low - self.actual, self.actual - high)
        return outside / self.chain.sizes.sum()


def expectations_of(history: History, pairs: int, seed: int) -> Iterator[Expectation]:
    """Expect sizes from every month with FEWEST_PAIRS before it, and from the last.

    Nothing later than the origin is looked at, but to say what came.
    """
    last = len(history.months) - 1
    for origin in sorted({*range(FEWEST_PAIRS, last), last} - {0}):
        chain = chain_at(history, origin, pairs)
        name = zlib.crc32(history.segmentation.encode())
        key = [seed, name, int(history.months[origin])]
        offsets = simulated_offsets(chain, np.random.default_rng(key))
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
class Record:
    """How the chain did at earlier origins, against the customers of then.

    Attributes:
        horizon: months ahead.
        origins: earlier months whose outcome was known.
        chain_error: mean error of the chain, see `Expectation.error`.
        same_as_now_error: mean error of saying that sizes stay what they are.
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
        return self.p_value <= SIGNIFICANCE

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
            return f"The chain is published: {errors} (p = {self.p_value:.3f})."
        if self.chain_error < self.same_as_now_error:
            luck = f"which may be luck (p = {self.p_value:.3f})"
            return f"Same as now is published, not the chain: {errors}, {luck}."
        return f"Same as now is published, not the chain: {errors}."


def record_of(known: Sequence[Expectation], horizon: int) -> Record:
    """Compare the chain with same as now at origins whose outcome is known.

    One-sided test of Diebold and Mariano (1995) on the absolute errors, with the
    correction for few origins of Harvey, Leybourne and Newbold (1997, formula 9) and
    Student's t. Errors of overlapping horizons are related: their variance has the
    weights of Newey and West (1987), with which it is never negative.

    Args:
        known: of one horizon, by origin.
        horizon: months ahead.
    """
    chain = np.array([each.error(by_chain=True) for each in known])
    now = np.array([each.error(by_chain=False) for each in known])
    size = len(known)
    if size == 0:
        return Record(horizon, 0, np.nan, np.nan, 1.0)
    p_value = better_p_value(now - chain, horizon)
    return Record(horizon, size, float(chain.mean()), float(now.mean()), p_value)


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
    centred = gains - gains.mean()
    variance = centred @ centred / size
    for lag in range(1, horizon):
        weight = 1 - lag / horizon
        variance += 2 * weight * (centred[lag:] @ centred[:-lag]) / size
    if variance <= 1e-18:
        return 0.0
    correction = (size - horizon) * (size - horizon + 1) / size**2
    statistic = gains.mean() / np.sqrt(variance / size) * np.sqrt(correction)
    return float(stats.t.sf(statistic, size - 1))


def band_of(
    expectation: Expectation, known: Sequence[Expectation], by_chain: bool
) -> np.ndarray:
    """Widen the simulated band until it would have held BAND of earlier outcomes.

    Conformalised quantiles (Romano, Patterson and Candes 2019, formula 8), by the same
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


def expect_segments(counts: pd.DataFrame, pairs: int, seed: int) -> pa.Table:
    """Expect the sizes of segments, now and from earlier months.

    At every origin the chain is published where it had won at the origins before (see
    `record_of`), else the customers of now; bands are widened by what was known then.

    Args:
        counts: see `read_histories`.
        pairs: month pairs that the chain is read off, at most.
        seed: of the simulation.

    Returns:
        EXPECTATION_SCHEMA: a row per segmentation, origin month, horizon and segment;
        none for a segmentation of one month.
    """
    rows: list[dict] = []
    for history in read_histories(counts):
        past: dict[int, list[Expectation]] = {horizon: [] for horizon in HORIZONS}
        for each in expectations_of(history, pairs, seed):
            outcomes = past[each.horizon]
            known = [e for e in outcomes if e.origin + e.horizon <= each.origin]
            rows += _expectation_rows(history, each, known)
            outcomes.append(each)
    return pa.Table.from_pylist(rows, EXPECTATION_SCHEMA)


def _expectation_rows(
    history: History, each: Expectation, known: Sequence[Expectation]
) -> Iterator[dict]:
    record = record_of(known, each.horizon)
    low, high = band_of(each, known, record.is_won)
    point = each.point(record.is_won)
    origin = int(history.months[each.origin])
    common = {
        "segmentation": history.segmentation,
        "origin_month": _first_day(origin),
        "month": _first_day(origin + each.horizon),
        "horizon_months": each.horizon,
        "origins": record.origins,
        "chain_error_share": record.chain_error if known else None,
        "same_as_now_error_share": record.same_as_now_error if known else None,
        "p_value": record.p_value,
        "is_published": record.is_won,
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


def estimate_transitions(counts: pd.DataFrame, pairs: int) -> pa.Table:
    """Estimate the probabilities of the chain in the latest month.

    Posterior means of Dirichlet rows, and central 95 % intervals of their margins,
    which are Beta (Gelman et al. 2013, Bayesian Data Analysis, section 3.4). They
    hold for customers who move independently, in months that are alike.

    Args:
        counts: see `read_histories`.
        pairs: month pairs that the chain is read off, at most.

    Returns:
        ESTIMATE_SCHEMA: a row per segmentation and pair of segments in force, and per
        segment in which newcomers start (from_segment_id is null).
    """
    rows: list[dict] = []
    for history in read_histories(counts):
        last = len(history.months) - 1
        chain = chain_at(history, last, pairs)
        names = history.segments[chain.segments]
        seen = [*chain.moves.sum(axis=0), chain.entries.sum(axis=0)]
        weights = [*chain.move_weights, chain.entry_weights]
        if last > 0:
            common = {
                "segmentation": history.segmentation,
                "month": _first_day(history.months[last]),
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


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood ratio test of a chain against one with more parameters.

    Attributes:
        statistic: twice the log-likelihood gained.
        degrees_of_freedom: of the cells that can occur.
        p_value: by chi-squared; 1 without a degree of freedom.
        gained_share: log-likelihood gained beyond what chance gains, as a share of the
            simpler chain's, 0 to 1.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    gained_share: float


def likelihood_ratio(counts: np.ndarray) -> LikelihoodRatio:
    """Test whether what came before the start of a move says more about its end.

    Anderson and Goodman (1957): with the segment before as condition, of a chain of
    first against second order (formula 4.11); with the month, of one that stays the
    same (formula 3.15). Degrees of freedom are, per start, conditions seen less 1
    times ends seen less 1. Chance alone gains half of them on average (Wilks 1938),
    which is taken off the gain: with many customers everything is significant, with
    many segments a little is always gained.

    Args:
        counts: (conditions, starts, ends) customers.
    """
    starts = counts.sum(axis=(0, 2))
    conditions_seen = (counts.sum(axis=2) > 0).sum(axis=0)
    ends_seen = (counts.sum(axis=0) > 0).sum(axis=1)
    free = ((conditions_seen - 1) * (ends_seen - 1))[starts > 0].sum()
    simple = _log_likelihood(counts.sum(axis=0))
    statistic = max(2 * (_log_likelihood(counts) - simple), 0.0)
    beyond = max(statistic - free, 0.0)
    return LikelihoodRatio(
        statistic=float(statistic),
        degrees_of_freedom=int(free),
        p_value=float(stats.chi2.sf(statistic, free)) if free else 1.0,
        gained_share=float(beyond / (-2 * simple)) if free and simple < 0 else 0.0,
    )


def _log_likelihood(counts: np.ndarray) -> float:
    """Log-likelihood of ends (last axis) by their own shares, after each start."""
    totals = np.broadcast_to(counts.sum(axis=-1, keepdims=True), counts.shape)
    seen = counts > 0
    return float(np.sum(counts[seen] * np.log(counts[seen] / totals[seen])))


def judge_transitions(counts: pd.DataFrame, pairs: int) -> pa.Table:
    """Test what the chain takes for granted; see `likelihood_ratio`.

    Args:
        counts: see `read_histories`.
        pairs: month pairs that the chain is read off, at most.

    Returns:
        TEST_SCHEMA: a row per segmentation and test, order and homogeneity.
    """
    rows = []
    for history in read_histories(counts):
        window = history.window(len(history.months) - 1, pairs)
        asked = {
            "order": (
                history.paths[window].sum(axis=0),
                "the segment of two months before",
            ),
            "homogeneity": (history.moves[window], "which month it is"),
        }
        for test, (counted, what) in asked.items():
            found = likelihood_ratio(counted)
            rows.append(
                {
                    "segmentation": history.segmentation,
                    "test": test,
                    "month_pairs": len(history.moves[window]),
                    "customers": int(counted.sum()),
                    "statistic": found.statistic,
                    "degrees_of_freedom": found.degrees_of_freedom,
                    "p_value": found.p_value,
                    "gained_share": found.gained_share,
                    "verdict": _verdict(found, what),
                }
            )
    return pa.Table.from_pylist(rows, TEST_SCHEMA)


def _verdict(found: LikelihoodRatio, what: str) -> str:
    if not found.degrees_of_freedom:
        return f"Whether {what} matters cannot be told: too little was seen."
    gain = f"{100 * found.gained_share:.1f} % of the log-likelihood"
    if found.p_value > SIGNIFICANCE:
        return f"The segment of the month before says it all: {what} adds nothing."
    if found.gained_share < SMALL_GAIN:
        return f"Beside the segment of the month before, {what} matters little: {gain}."
    return f"Beside the segment of the month before, {what} matters: {gain}."
