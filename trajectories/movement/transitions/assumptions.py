"""What the chain takes for granted, tested: one month back is enough, months alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import stats

from trajectories.movement.transitions.histories import read_path_histories

#: A p-value up to this one counts.
ORDER_SIGNIFICANCE = 0.05
#: A departure from the chain that gains less of the log-likelihood matters little.
SMALL_GAIN = 0.05

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
    first against second order; with the month, of one that stays the same. Degrees of
    freedom are, per start, conditions seen less 1 times ends seen less 1. Chance alone
    gains half of them on average (Wilks 1938), which is taken off the gain: with many
    customers everything is significant, with many segments a little is always gained.

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


def judge_transitions(counts: pa.Table, pairs: int) -> pa.Table:
    """Test what the chain takes for granted; see `likelihood_ratio`.

    Args:
        counts: see `read_path_histories`.
        pairs: month pairs that the chain is read off, at most.

    Returns:
        TEST_SCHEMA: a row per segmentation and test, order and homogeneity.

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
        >>> judge_transitions(counts, pairs=12)["verdict"][1].as_py()
        'Whether which month it is matters cannot be told: too little was seen.'
    """
    rows = []
    for history in read_path_histories(counts):
        window = history.window(len(history.months) - 1, pairs)
        tables = {
            "order": (
                history.paths[window].sum(axis=0),
                "the segment of two months before",
            ),
            "homogeneity": (history.moves[window], "which month it is"),
        }
        for test, (counted, what) in tables.items():
            ratio = likelihood_ratio(counted)
            rows.append(
                {
                    "segmentation": history.segmentation,
                    "test": test,
                    "month_pairs": len(history.moves[window]),
                    "customers": int(counted.sum()),
                    "statistic": ratio.statistic,
                    "degrees_of_freedom": ratio.degrees_of_freedom,
                    "p_value": ratio.p_value,
                    "gained_share": ratio.gained_share,
                    "verdict": _verdict(ratio, what),
                }
            )
    return pa.Table.from_pylist(rows, TEST_SCHEMA)


def _verdict(ratio: LikelihoodRatio, what: str) -> str:
    if not ratio.degrees_of_freedom:
        return f"Whether {what} matters cannot be told: too little was seen."
    gain = f"{100 * ratio.gained_share:.1f} % of the log-likelihood"
    if ratio.p_value > ORDER_SIGNIFICANCE:
        return f"The segment of the month before says it all: {what} adds nothing."
    if ratio.gained_share < SMALL_GAIN:
        return f"Beside the segment of the month before, {what} matters little: {gain}."
    return f"Beside the segment of the month before, {what} matters: {gain}."
