"""Intervals of what is claimed of forecasts, from origins whose months overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

from trajectories.months import month_number

#: Standard errors on either side of a 95 % interval of independent outcomes.
NORMAL_95 = 1.96
KEYS = ("measure", "definition", "segmentation")
INTERVAL_SCHEMA = pa.schema(
    {
        **dict.fromkeys(KEYS, pa.string()),
        "origins": pa.int64(),
        "value": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)


def bootstrap_over_origins(
    sums: pa.Table, horizon: int, seed: int, draws: int = 1000
) -> pa.Table:
    """Give ratios of sums over origins with their 95 % intervals.

    Args:
        sums: one row per measure, definition, segmentation and origin_month, with a
            numerator and a denominator (which adds up to more than 0), and, of a
            share, the number of different outcomes of all its origins, which is null
            for what is no share.
        horizon: months ahead, at least 1; origins less far apart have months in
            common.
        seed: draws the blocks, of each measure by itself.
        draws: number of redrawn histories.

    Returns:
        One row per measure, definition and segmentation, as ``INTERVAL_SCHEMA`` has
        it: the number of origins, and the interval of :func:`block_interval`; of a
        share within 0 and 1, and never narrower than that of so many independent
        outcomes (:func:`wilson_interval`). Ends are null where nothing gives them.

    Examples:
        >>> from datetime import date
        >>> common = {"measure": "coverage_80", "definition": "stock",
        ...           "segmentation": "value", "denominator": 4.0, "outcomes": 5}
        >>> sums = [common | {"origin_month": date(2017, month, 1), "numerator": 4.0}
        ...         for month in (1, 2)]
        >>> found = bootstrap_over_origins(pa.Table.from_pylist(sums), 4, 0)
        >>> row = found.to_pylist()[0]
        >>> row["origins"], row["value"], round(row["low"], 2), row["high"]
        (2, 1.0, 0.57, 1.0)
    """
    order = [(key, "ascending") for key in (*KEYS, "origin_month")]
    rows = sums.sort_by(order).to_pylist()
    found = []
    for key, group in groupby(rows, lambda row: tuple(row[name] for name in KEYS)):
        origins = [*group]
        generator = np.random.default_rng([seed, *"|".join(key).encode()])
        found.append((*key, *_measured(origins, horizon, generator, draws)))
    columns = zip(*found, strict=True) if found else [[]] * len(INTERVAL_SCHEMA)
    return pa.table([[*column] for column in columns], schema=INTERVAL_SCHEMA)


def _measured(
    rows: Sequence[Mapping],
    horizon: int,
    generator: np.random.Generator,
    draws: int,
) -> tuple[int, float, float | None, float | None]:
    months = month_number([row["origin_month"] for row in rows])
    sums = np.zeros((2, months[-1] - months[0] + 1))
    sums[:, months - months[0]] = [
        [row[name] for row in rows] for name in ("numerator", "denominator")
    ]
    value = float(sums[0].sum() / sums[1].sum())
    low, high = block_interval(*sums, horizon, generator, draws)
    outcomes = rows[0]["outcomes"]
    if outcomes is not None:
        ends = wilson_interval(value, outcomes)
        low = max(min(np.nan_to_num(low, nan=1.0), ends[0]), 0.0)
        high = min(max(np.nan_to_num(high, nan=0.0), ends[1]), 1.0)
    return (
        len(rows),
        value,
        None if np.isnan(low) else float(low),
        None if np.isnan(high) else float(high),
    )


def block_interval(
    numerators: np.ndarray,
    denominators: np.ndarray,
    horizon: int,
    generator: np.random.Generator,
    draws: int = 1000,
) -> tuple[float, float]:
    """95 % interval of a ratio of sums over origins, by blocks of origins.

    Blocks as long as the horizon are redrawn, round the end to the start (the
    circular block bootstrap of Politis and Romano 1992), for origins less than a
    horizon apart have outcomes in common; where there are no two such blocks, halves.
    Few blocks vary too little: the standard error is corrected for their number, and
    counts by Student's t with one degree of freedom fewer than there are blocks.

    Args:
        numerators: (months,) of every month from the first origin to the last; 0 in
            one that is no origin.
        denominators: (months,) likewise, 0 or more.
        horizon: months ahead, at least 1.
        generator: draws where the blocks start.
        draws: number of redrawn histories.

    Returns:
        Its ends, the value midway between them; NaN for fewer than two months.

    Examples:
        >>> ones = np.ones(12)
        >>> block_interval(ones, ones, 3, np.random.default_rng(0))
        (1.0, 1.0)
    """
    months = len(numerators)
    if months < 2:
        return float("nan"), float("nan")
    length = min(horizon, months // 2)
    blocks = months / length
    starts = generator.integers(0, months, (draws, -(-months // length)))
    drawn = (starts[:, :, None] + np.arange(length)) % months
    drawn = drawn.reshape(draws, -1)[:, :months]
    beneath = denominators[drawn].sum(axis=1)
    is_known = beneath > 0
    ratios = numerators[drawn].sum(axis=1)[is_known] / beneath[is_known]
    error = ratios.std() * np.sqrt(blocks / (blocks - 1))
    value = numerators.sum() / denominators.sum()
    reach = error * stdtrit(blocks - 1, 0.975)
    return float(value - reach), float(value + reach)


def wilson_interval(share: float, outcomes: int) -> tuple[float, float]:
    """95 % interval of a share of independent outcomes (Wilson 1927).

    Args:
        share: 0 to 1.
        outcomes: at least 1.

    Returns:
        Its ends, within 0 and 1; wide even where all outcomes are the same.

    Examples:
        >>> [round(end, 3) for end in wilson_interval(1.0, 12)]
        [0.757, 1.0]
    """
    squared = NORMAL_95**2 / outcomes
    centre = (share + squared / 2) / (1 + squared)
    reach = np.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    return max(float(centre - reach), 0.0), min(float(centre + reach), 1.0)
