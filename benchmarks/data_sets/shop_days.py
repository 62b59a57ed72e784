"""Days with orders of well-known shops, and samples of their customers at origins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.dbt_builds import PROJECT
from trajectories.value.samples import HORIZONS, outcome_columns

NEARBY = PROJECT.parent / "shared" / "data"
SHARED = Path(os.environ.get("TRAJECTORIES_SHARED_DATA", NEARBY))
CDNOW = """
    select
        line[2] as customer_id, strptime(line[3], '%Y%m%d')::date as order_date,
        sum(line[5]::double) as amount
    from (
        select string_split_regex(trim(unnest(string_split(content, chr(10)))), ' +')
            as line
        from read_text('{}')
    )
    where len(line) = 5
    group by all
"""
ONLINE_RETAIL = """
    select
        cast("Customer ID" as varchar) as customer_id,
        cast(InvoiceDate as date) as order_date,
        sum(Quantity * Price) as amount
    from (select distinct * from '{}')
    where
        "Customer ID" is not null and not starts_with(Invoice, 'C')
        and Quantity > 0 and Price > 0
    group by all
"""


def cdnow_days() -> pd.DataFrame:
    """Read CDNOW's sample of 2,357 customers; two orders of a day are one."""
    return _read(CDNOW, SHARED / "cdnow" / "CDNOW_sample.txt")


def online_retail_days() -> pd.DataFrame:
    """Read Online Retail II: lines sold, to known customers, once each."""
    return _read(
        ONLINE_RETAIL, SHARED / "online_retail_ii" / "online_retail_II.parquet"
    )


def _read(query: str, path: Path) -> pd.DataFrame:
    if not path.exists():
        raise FileNotFoundError(
            f"Read {path} for the benchmark, found no such file. Set"
            " TRAJECTORIES_SHARED_DATA to the folder that holds the data."
        )
    found = duckdb.sql(query.format(path)).df()
    return found.sort_values(["customer_id", "order_date"], ignore_index=True)


def samples_of(
    days: pd.DataFrame,
    ends: Sequence[pd.Timestamp],
    horizons: Sequence[int] = HORIZONS,
    known_to: pd.Timestamp | None = None,
) -> pa.Table:
    """Make what int_value_samples has of days with orders.

    Args:
        days: customer_id, order_date and amount, one row per customer and day.
        ends: origins, one a month at most.
        horizons: days ahead for which outcomes are counted.
        known_to: the last day of which outcomes are known; None: the last origin.
    """
    last = max(ends) if known_to is None else known_to
    days = days.sort_values(["customer_id", "order_date"])
    days["gap"] = days.groupby("customer_id")["order_date"].diff().dt.days
    parts = [_sample(days, pd.Timestamp(end), last, horizons) for end in ends]
    rows = pd.concat(parts, ignore_index=True)
    return pa.Table.from_pandas(rows, preserve_index=False)


def _sample(
    days: pd.DataFrame,
    end: pd.Timestamp,
    last: pd.Timestamp,
    horizons: Sequence[int],
) -> pd.DataFrame:
    known = days[days["order_date"] <= end]
    groups = known.groupby("customer_id")
    first, latest = groups["order_date"].min(), groups["order_date"].max()
    rows = pd.DataFrame({"customer_id": first.index.astype(str)}, first.index)
    rows["month"] = end.to_period("M").start_time.date()
    rows["month_end_date"] = end.date()
    rows["repeat_orders"] = groups.size() - 1
    rows["last_repeat_days"] = (latest - first).dt.days
    rows["observed_days"] = (end - first).dt.days
    day = pd.Timedelta(days=1)
    for back in (1, 3, 6, 12):
        start = end + day - pd.DateOffset(months=back)
        recent = known[known["order_date"] >= start]
        recent = recent.groupby("customer_id")
        rows[f"order_days_{back}_months"] = recent.size().reindex(rows.index).fillna(0)
    spent = recent["amount"].sum().reindex(rows.index).fillna(0)
    rows["revenue_12_months_amount"] = spent
    rows["gap_squares"] = (known["gap"] ** 2).groupby(known["customer_id"]).sum()
    rows["revenue_amount"] = groups["amount"].sum()
    ranked = {
        "recency_rank": rows["last_repeat_days"] - rows["observed_days"],
        "frequency_rank": rows["repeat_orders"],
        "monetary_rank": rows["revenue_amount"],
    }
    for name, values in ranked.items():
        rows[name] = (values.rank() - 0.5) / len(rows)
    for horizon in horizons:
        until = end + pd.Timedelta(days=horizon)
        came = days[(days["order_date"] > end) & (days["order_date"] <= until)]
        came = came.groupby("customer_id")["amount"]
        for name, values in zip(
            outcome_columns(horizon), (came.size(), came.sum()), strict=True
        ):
            found = values.reindex(rows.index).fillna(0).astype(float)
            rows[name] = found if until <= last else np.nan
    return rows
