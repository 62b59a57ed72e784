"""Months of a segmentation beside the months before them, measured."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import isnan

import numpy as np
import pyarrow as pa

from trajectories.segments.agreement import (
    Estimate,
    generator_of,
    jaccards,
    rand_agreement,
    stay_share,
)

AGREEMENT_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "segment_id": pa.string(),
        "measure": pa.string(),
        "value": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "month": pa.date32(),
    }
)


def measure_agreements(cells: pa.Table, seed: int, draws: int = 200) -> pa.Table:
    """Measure how far each month's segments are those of the month before.

    Args:
        cells: one row per segmentation, month, previous_segment_id and segment_id,
            with the number of customers (at least one) who went from one to the other.
        seed: redraws the customers, for each segmentation and month by itself.
        draws: number of redrawn sets of customers.

    Returns:
        One row per segmentation, month and measure: stay_share, chance_stay_share
        (without bounds) and ari_frozen; and jaccard_frozen for each segment that had
        customers before or after, in which segment_id is given.

    Examples:
        >>> from datetime import date
        >>> common = {"segmentation": "value", "month": date(2017, 12, 1)}
        >>> stayed = {"previous_segment_id": "a", "segment_id": "a", "customers": 3}
        >>> left = {"previous_segment_id": "a", "segment_id": "b", "customers": 1}
        >>> cells = pa.Table.from_pylist([common | stayed, common | left])
        >>> first = measure_agreements(cells, seed=1).to_pylist()[0]
        >>> first["measure"], first["value"]
        ('stay_share', 0.75)
    """
    keys = ["segmentation", "month", "previous_segment_id", "segment_id"]
    found = cells.sort_by([(key, "ascending") for key in keys]).to_pylist()
    rows = []
    for key, month_cells in groupby(found, lambda r: (r["segmentation"], r["month"])):
        for segment, measure, estimate in _measured(key, [*month_cells], seed, draws):
            numbers = [None if isnan(number) else number for number in estimate]
            rows.append((key[0], segment, measure, *numbers, key[1]))
    columns = zip(*rows, strict=True) if rows else [[]] * len(AGREEMENT_SCHEMA)
    return pa.table([[*column] for column in columns], schema=AGREEMENT_SCHEMA)


def _measured(
    key: tuple, rows: Sequence[Mapping], seed: int, draws: int
) -> Iterator[tuple[str | None, str, Estimate]]:
    """Yield segment, measure and estimate of one segmentation's month."""
    befores = [row["previous_segment_id"] for row in rows]
    afters = [row["segment_id"] for row in rows]
    segments = sorted({*befores, *afters})
    cells = np.zeros((len(segments), len(segments)), dtype=np.int64)
    places = [[segments.index(name) for name in side] for side in (befores, afters)]
    cells[tuple(places)] = [row["customers"] for row in rows]
    same = np.repeat(np.arange(len(segments))[:, None], 2, axis=1)
    generator = generator_of(seed, f"{key[0]}|{key[1]}")
    share, chance = stay_share(cells, same, generator, draws)
    yield None, "stay_share", share
    yield None, "chance_stay_share", Estimate(chance, np.nan, np.nan)
    yield None, "ari_frozen", rand_agreement(cells, generator, draws)
    shared = jaccards(cells, same, generator, draws)
    for segment, estimate in zip(segments, shared, strict=True):
        yield segment, "jaccard_frozen", estimate
