"""Says in a few lines what a build has found, read from its published marts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.quoting import literal

PARTS = (
    "seeds",
    "staging",
    "intermediate",
    "clustering and forecasting",
    "marts",
    "unit tests",
    "tests",
)
FORECAST_MONTHS = 6


def summarise(published: Path, nodes: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """Summarise a build: rows read, segments, their verdicts, forecast, times.

    Args:
        published: the published DuckDB file, which is only read.
        nodes: what dbt ran: each with resource_type, language, folder and seconds.

    Returns:
        Lines to print. What a build lacks (a mart, a column, rows) leaves its lines
        out.
    """
    with duckdb.connect(str(published), read_only=True) as connection:
        lines = [
            *_input_lines(connection),
            *_order_lines(connection),
            *_segmentation_lines(connection),
            *_forecast_lines(connection),
        ]
    return lines + time_lines(nodes)


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Return a query's rows; none when a table or column isn't there."""
    try:
        return connection.execute(query).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def _input_lines(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = _rows(
        connection,
        """
        select input_table, read_rows, accepted_rows, rejected_rows, merged_duplicates
        from marts.rpt_input_reconciliations
        where read_rows > 0
        order by read_rows desc, input_table
        """,
    )
    return [
        f"{table}: {read:,} rows read, {accepted:,} accepted, {rejected:,} rejected, "
        f"{merged:,} merged as duplicates"
        for table, read, accepted, rejected, merged in rows
    ]


def _order_lines(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = _rows(
        connection,
        """
        select sum(case when is_return then 0 else 1 end), sum(amount),
            count(distinct case when not is_return then customer_id end),
            min(order_date), max(order_date)
        from marts.fct_orders
        having count(*) > 0
        """,
    )
    return [
        f"{orders:,} orders of {customers:,} customers from {first} to {last}, "
        f"revenue {amount:,.2f}"
        for orders, amount, customers, first, last in rows
    ]


def _segmentation_lines(connection: duckdb.DuckDBPyConnection) -> list[str]:
    segmentations = _rows(
        connection,
        """
        select segmentation, k, has_structure, reason
        from marts.fct_segmentation_trials
        where is_chosen
        order by segmentation
        """,
    )
    lines = []
    for segmentation, k, has_structure, reason in segmentations:
        found = f"{k} segments found" if has_structure else "no segments here"
        lines.append(f"{segmentation}: {found}. {reason}")
        lines.extend(_segment_lines(connection, segmentation))
    return lines


def _segment_lines(
    connection: duckdb.DuckDBPyConnection, segmentation: str
) -> list[str]:
    rows = _rows(
        connection,
        f"""
        select segments.persona, profiles.customers, profiles.customer_share,
            profiles.revenue_share
        from marts.fct_segment_profiles as profiles
        inner join marts.dim_segments as segments
            on profiles.segment_id = segments.segment_id
        where profiles.segmentation = {literal(segmentation)}
            and profiles.month = (
                select max(month) from marts.fct_segment_profiles
                where segmentation = {literal(segmentation)}
            )
        order by profiles.customers desc, segments.persona, segments.segment_id
        """,
    )
    return [
        f"    {persona}: {customers:,} customers ({_share(share)}), "
        f"{_share(revenue_share)} of the latest month's revenue"
        for persona, customers, share, revenue_share in rows
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _forecast_lines(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = _rows(
        connection,
        f"""
        select month, model, forecast_amount, lower_80_amount, upper_80_amount
        from marts.fct_revenue_forecasts
        where is_published and segment_id = 'total' and definition = 'stock'
        order by month
        limit {FORECAST_MONTHS}
        """,
    )
    if not rows:
        return []
    lines = [f"forecast of the shop's revenue ({rows[0][1]}, 80 % band):"]
    for month, _, amount, lower, upper in rows:
        band = "" if lower is None else f" ({lower:,.0f} to {upper:,.0f})"
        lines.append(f"    {_month(month)}: {amount:,.0f}{band}")
    return lines


def _month(value: Any) -> str:
    return f"{value:%B %Y}" if isinstance(value, datetime.date) else str(value)


def time_lines(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say how many seconds of work each part of the build took."""
    seconds: dict[str, float] = {}
    for node in nodes:
        if node.get("resource_type") == "exposure":
            continue
        part = _part(node)
        seconds[part] = seconds.get(part, 0.0) + float(node.get("seconds") or 0.0)
    parts = [part for part in PARTS if part in seconds]
    parts += sorted(set(seconds) - set(PARTS))
    if not parts:
        return []
    listed = ", ".join(f"{part} {seconds[part]:.1f} s" for part in parts)
    return [f"time: {listed} (some of it side by side)"]


def _part(node: Mapping[str, Any]) -> str:
    kind = node.get("resource_type")
    if kind in ("test", "unit_test", "seed", "snapshot"):
        return str(kind).replace("_", " ") + "s"
    if node.get("language") == "python":
        return "clustering and forecasting"
    return str(node.get("folder") or "other")
