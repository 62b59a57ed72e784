"""What is known of customers at an origin, and what came after it, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pyarrow as pa

from trajectories.months import month_number
from trajectories.value.purchases import HISTORY_COLUMNS, compress_histories

#: Days ahead for which outcomes are counted; the first serve where history is short.
HORIZONS = (30, 90, 182, 365)
#: What is known of a customer at the end of a month, but for her id and month.
STATE_COLUMNS = (
    *HISTORY_COLUMNS,
    *(
        "order_days_1_months",
        "order_days_3_months",
        "order_days_6_months",
        "order_days_12_months",
    ),
    *("gap_squares", "revenue_amount", "revenue_12_months_amount"),
    *("recency_rank", "frequency_rank", "monetary_rank"),
)


def outcome_columns(horizon: int) -> tuple[str, str]:
    """Name the columns of order days and amount within days after an origin.

    Examples:
        >>> outcome_columns(90)
        ('orders_next_90_days', 'amount_next_90_days')
    """
    return f"orders_next_{horizon}_days", f"amount_next_{horizon}_days"


@dataclass(frozen=True)
class Origin:
    """The customers of a sample at the end of a month.

    Attributes:
        month: its number.
        end: its last day, in days since 1970.
        state: ``STATE_COLUMNS``, each (n,).
        customers: (n,), a number for life of each customer.
        outcomes: by horizon, order days and amounts that came within it, each (n,).
            Only what had come by the day that the shop is known to.
    """

    month: int
    end: int
    state: Mapping[str, np.ndarray]
    customers: np.ndarray
    outcomes: Mapping[int, tuple[np.ndarray, np.ndarray]]

    @property
    def history(self) -> tuple[np.ndarray, ...]:
        """Repeat order days, days to the last one, and days observed."""
        return tuple(self.state[name] for name in HISTORY_COLUMNS)

    def compressed(self) -> pa.Table:
        """Count the distinct histories."""
        return compress_histories(
            pa.table(dict(zip(HISTORY_COLUMNS, self.history, strict=True)))
        )


def state_of(rows: pa.Table) -> dict[str, np.ndarray]:
    """Read ``STATE_COLUMNS`` as arrays of doubles.

    Args:
        rows: with these columns, none null.

    Examples:
        >>> rows = pa.table({name: [1] for name in STATE_COLUMNS})
        >>> state_of(rows)["repeat_orders"].tolist()
        [1.0]
    """
    return {
        name: rows[name].to_numpy(zero_copy_only=False).astype(float)
        for name in STATE_COLUMNS
    }


def read_origins(samples: pa.Table, horizons: Sequence[int] = HORIZONS) -> list[Origin]:
    """Read samples of customers by origin, the oldest first.

    Args:
        samples: columns customer_id, month, month_end_date, ``STATE_COLUMNS`` and
            those of `outcome_columns` for each horizon, null where it is not over.
        horizons: days ahead for which outcomes are there.

    Returns:
        One for each month.

    Examples:
        >>> from datetime import date
        >>> row = dict.fromkeys(STATE_COLUMNS, 0) | {"customer_id": "a"}
        >>> row |= {"month": date(2018, 1, 1), "month_end_date": date(2018, 1, 31)}
        >>> row |= {name: None for h in HORIZONS for name in outcome_columns(h)}
        >>> [origin.end for origin in read_origins(pa.Table.from_pylist([row]))]
        [17562]
    """
    if not samples.num_rows:
        return []
    months = month_number(samples["month"].to_numpy(zero_copy_only=False))
    ends = samples["month_end_date"].to_numpy(zero_copy_only=False)
    ends = ends.astype("datetime64[D]").astype(np.int64)
    names = samples["customer_id"].to_pylist()
    order = np.lexsort([names, months])
    numbers = np.array([crc32(name.encode()) for name in names], dtype=np.int64)
    state = {name: values[order] for name, values in state_of(samples).items()}
    came = {}
    for horizon in horizons:
        columns = (
            samples[name].to_numpy(zero_copy_only=False).astype(float)[order]
            for name in outcome_columns(horizon)
        )
        came[horizon] = tuple(columns)
    starts = np.flatnonzero(np.diff(months[order], prepend=-1))
    found = []
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        own = slice(start, end)
        outcomes = {
            horizon: tuple(values[own] for values in pair)
            for horizon, pair in came.items()
            if not np.isnan(pair[0][own]).any()
        }
        found.append(
            Origin(
                month=int(months[order[start]]),
                end=int(ends[order[start]]),
                state={name: values[own] for name, values in state.items()},
                customers=numbers[order][own],
                outcomes=outcomes,
            )
        )
    return found
