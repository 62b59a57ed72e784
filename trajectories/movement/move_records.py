"""Whether a customer's own trend says more of where she goes than her segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa

from trajectories.movement.transitions.chains import FEWEST_ORIGINS
from trajectories.segments.agreement import Estimate, estimate, generator_of

DRAWS = 1000
#: Customers (their outcomes in all months) before anything is told from them.
FEWEST_OUTCOMES = 100
SEGMENT_ROW, OWN_TREND = "segment row", "own trend"
SUMS = (
    *("segment_log_loss", "own_log_loss", "segment_square_loss", "own_square_loss"),
    *("said_worse_customers", "came_worse_customers"),
)
RECORD_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "horizon_months": pa.int64(),
        "origins": pa.int64(),
        "customers": pa.int64(),
        "log_loss": pa.float64(),
        "segment_log_loss": pa.float64(),
        "gain": pa.float64(),
        "gain_low": pa.float64(),
        "gain_high": pa.float64(),
        "brier": pa.float64(),
        "segment_brier": pa.float64(),
        "said_worse_share": pa.float64(),
        "came_worse_share": pa.float64(),
        "model": pa.string(),
        "decision": pa.string(),
        "is_published": pa.bool_(),
    }
)


def judge_moves(losses: pa.Table, seed: int) -> pa.Table:
    """Compare what was said of customers by their own trend and by their segment.

    The gain is the mean log-loss by the segment's row less that by the own trend, on
    the same customers; its 95 % interval redraws customers with all their months (the
    paired bootstrap). The own trend is published where the whole interval is above 0,
    of FEWEST_OUTCOMES outcomes of FEWEST_ORIGINS months at least.

    Args:
        losses: one row per segmentation, horizon_months, month and customer_part (two
            hexadecimal digits, by customer), with customers and the sums in SUMS.
        seed: draws.

    Returns:
        RECORD_SCHEMA: one row per segmentation and horizon.

    Examples:
        >>> from datetime import date
        >>> common = {"segmentation": "value", "horizon_months": 1, "customers": 10,
        ...           "segment_log_loss": 4.0, "own_log_loss": 3.0,
        ...           "segment_square_loss": 3.0, "own_square_loss": 2.0,
        ...           "said_worse_customers": 1.0, "came_worse_customers": 1}
        >>> months = [{"month": date(2017, month, 1)} for month in (10, 11, 12)]
        >>> parts = [common | month | {"customer_part": f"{part:02x}"}
        ...          for part in range(99) for month in months]
        >>> row = judge_moves(pa.Table.from_pylist(parts), seed=0).to_pylist()[0]
        >>> row["customers"], round(row["gain"], 3), row["model"]
        (2970, 0.1, 'own trend')
    """
    keys = ("segmentation", "horizon_months")
    order = [(key, "ascending") for key in (*keys, "customer_part", "month")]
    rows = losses.sort_by(order).to_pylist()
    found = []
    for key, group in groupby(rows, lambda row: tuple(row[name] for name in keys)):
        own = [*group]
        generator = generator_of(seed, "|".join(map(str, key)))
        found.append(dict(zip(keys, key, strict=True)) | _judged(own, generator))
    return pa.Table.from_pylist(found, RECORD_SCHEMA)


def _judged(rows: Sequence[Mapping], generator: np.random.Generator) -> dict:
    parts = np.array([int(row["customer_part"], 16) for row in rows])
    customers = np.bincount(parts, [row["customers"] for row in rows])
    whole = customers.sum()
    mean = {name: sum(row[name] for row in rows) / whole for name in SUMS}
    gains = [row["segment_log_loss"] - row["own_log_loss"] for row in rows]
    gain = redrawn_ratio(np.bincount(parts, gains), customers, generator)
    origins = len({row["month"] for row in rows})
    is_enough = whole >= FEWEST_OUTCOMES and origins >= FEWEST_ORIGINS
    is_better = bool(is_enough and gain.low > 0)
    if is_enough:
        decision = _decision(gain, mean["segment_log_loss"], int(whole), is_better)
    else:
        decision = (
            f"Her segment's row is published: of her own trend {int(whole):,} outcomes"
            f" of {origins} months are known, and {FEWEST_OUTCOMES} of"
            f" {FEWEST_ORIGINS} are needed."
        )
    return {
        "origins": origins,
        "customers": int(whole),
        "log_loss": mean["own_log_loss"],
        "segment_log_loss": mean["segment_log_loss"],
        "gain": gain.value,
        "gain_low": gain.low,
        "gain_high": gain.high,
        "brier": mean["own_square_loss"],
        "segment_brier": mean["segment_square_loss"],
        "said_worse_share": mean["said_worse_customers"],
        "came_worse_share": mean["came_worse_customers"],
        "model": OWN_TREND if is_better else SEGMENT_ROW,
        "decision": decision,
        "is_published": is_better,
    }


def redrawn_ratio(
    numerators: np.ndarray,
    denominators: np.ndarray,
    generator: np.random.Generator,
) -> Estimate:
    """Ratio of sums over parts of the customers, which are redrawn.

    Args:
        numerators: (parts,).
        denominators: (parts,), 0 or more, not all 0.
        generator: redraws the parts (Poisson, mean 1).

    Returns:
        The ratio and its 95 % interval.

    Examples:
        >>> ones = np.ones(50)
        >>> redrawn_ratio(ones, ones * 2, np.random.default_rng(0)).low
        0.5
    """
    times = generator.poisson(1.0, (DRAWS, len(numerators)))
    above, below = ((times * side).sum(axis=1) for side in (numerators, denominators))
    drawn = above[below > 0] / below[below > 0]
    return estimate(numerators.sum() / denominators.sum(), drawn)


def _decision(gain: Estimate, loss: float, customers: int, is_better: bool) -> str:
    """Say in a sentence what is published, and why."""
    share = f"{100 * gain.value / loss:.1f} %" if loss else "0 %"
    told = (
        f"log-loss of {loss:.3f} by {share} (95 % interval of the gain"
        f" {gain.low:.4f} to {gain.high:.4f}, {customers:,} outcomes)"
    )
    if is_better:
        return f"Her own trend is published: it lowers her segment row's {told}."
    return (
        "Her segment's row is published: her own trend does not lower its log-loss"
        f" beyond chance, {told}."
    )
