"""Segments of well-known shops as a test would have had them, and their outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.data_sets.shop_days import SHARED, online_retail_days
from trajectories.experiments.pasts import METRIC_COLUMNS

HILLSTROM = SHARED / "hillstrom" / "hillstrom.csv"
KEYS = ("segmentation", "segment_id", "weeks")
WEEKS = (4, 13, 26)


def hillstrom() -> pd.DataFrame:
    """Read the e-mail test of 64,000 customers.

    Raises:
        FileNotFoundError: it is not there.
    """
    if not HILLSTROM.exists():
        raise FileNotFoundError(
            f"Read {HILLSTROM} for the benchmark, found no such file. Set"
            " TRAJECTORIES_SHARED_DATA to the folder that holds the data."
        )
    return pd.read_csv(HILLSTROM)


def hillstrom_members() -> pa.Table:
    """Customers who got no mail, all of them and by what they had spent before."""
    visits = hillstrom()
    own = visits[visits["segment"] == "No E-Mail"].reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "segmentation": "hillstrom",
            "segment_id": own["history_segment"],
            "weeks": 2,
            "customer_id": own.index.astype(str).str.zfill(6),
            "revenue_amount": own["spend"],
            "prior_revenue_amount": own["history"],
            "orders": own["conversion"],
            "prior_orders": 13.0 - own["recency"],
            "sessions": own["visit"],
            "prior_sessions": 13.0 - own["recency"],
            "last_orders": own["conversion"],
        }
    )
    return as_members(pd.concat([rows, rows.assign(segment_id="all")]))


def online_retail_members(weeks: Sequence[int] = WEEKS) -> pa.Table:
    """Customers of the last year, all and by fifth of their spend, over some weeks."""
    days = online_retail_days()
    days["order_date"] = pd.to_datetime(days["order_date"])
    last, parts = days["order_date"].max(), []
    for number in weeks:
        start = last - pd.Timedelta(weeks=number)
        year = start - pd.Timedelta(days=364)
        before = days[(days["order_date"] <= start) & (days["order_date"] > year)]
        after = days[days["order_date"] > start]
        late = after[after["order_date"] > last - pd.Timedelta(days=28)]
        prior = before.groupby("customer_id")["amount"].agg(["sum", "size"])
        came = after.groupby("customer_id")["amount"].agg(["sum", "size"])
        rows = pd.DataFrame(
            {
                "segmentation": "online_retail",
                "segment_id": "all",
                "weeks": number,
                "customer_id": prior.index,
                "revenue_amount": came["sum"].reindex(prior.index),
                "prior_revenue_amount": prior["sum"],
                "orders": came["size"].reindex(prior.index),
                "prior_orders": prior["size"],
                "last_orders": late.groupby("customer_id").size().reindex(prior.index),
            }
        ).fillna(0)
        fifths = pd.qcut(
            rows["prior_revenue_amount"].rank(method="first"), 5, labels=False
        )
        parts += [rows, rows.assign(segment_id="fifth " + fifths.astype(str))]
    return as_members(pd.concat(parts))


def as_members(rows: pd.DataFrame) -> pa.Table:
    """Give rows the columns of `map_testability`; what is not there is not known."""
    sizes = rows.groupby(list(KEYS))["customer_id"].transform("size")
    rows = rows.assign(segment_customers=sizes)
    for name in METRIC_COLUMNS:
        rows[name] = rows.get(name, pd.Series(np.nan, rows.index)).astype(float)
    return pa.Table.from_pandas(rows, preserve_index=False)


def sample_members(database: str) -> tuple[pa.Table, pa.Table]:
    """Read the sample's members and segments from a build."""
    with duckdb.connect(database, read_only=True) as tables:
        return tuple(
            tables.sql(f"select * from intermediate.{name}").to_arrow_table()
            for name in ("int_testability_values", "int_testability_segments")
        )


def unnamed_segments(members: pa.Table) -> pa.Table:
    """Segments whose members all stay, called as they are."""
    pairs = members.select(["segmentation", "segment_id"]).group_by(
        ["segmentation", "segment_id"]
    )
    rows = pairs.aggregate([]).to_pylist()
    return pa.Table.from_pylist(
        [
            row | {"segment_name": row["segment_id"], "stay_probability": 1.0}
            for row in rows
        ]
    )


def times(members: pa.Table, copies: int, most: int) -> pa.Table:
    """Make a shop of as many copies of each customer, and draw so many a segment."""
    frame = members.to_pandas()
    rows = pd.concat(
        [
            frame.assign(customer_id=frame["customer_id"] + f"|{copy}")
            for copy in range(copies)
        ]
    )
    rows["segment_customers"] *= copies
    drawn = rows.groupby(list(KEYS), group_keys=False).head(most)
    return pa.Table.from_pandas(drawn, schema=members.schema, preserve_index=False)


def groups(members: pa.Table) -> Iterator[tuple[tuple, dict[str, np.ndarray]]]:
    """Give the customers of each segment and number of weeks, by id, as columns."""
    frame = members.to_pandas().sort_values([*KEYS, "customer_id"])
    names = [*METRIC_COLUMNS, "segment_customers"]
    for key, own in frame.groupby(list(KEYS)):
        yield key, {name: own[name].to_numpy(float) for name in names}
