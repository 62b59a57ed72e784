"""Looks at the work database before a build writes to it: whole, free, and its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.inputs import INPUT_SCHEMA

# Tables that builds write are named so; the schema of inputs is there before them.
WRITTEN = (
    r"^(raw\.raw_|staging\.(base|stg)_retail__|intermediate\.int_|"
    r"marts\.(dim|fct|rpt)_|audit\.rpt_|snapshots\.(snap_|publications$))"
)
# What DuckDB says when another process has the file, and when it isn't one of its own
# or no longer whole.
IN_USE = "Could not set lock"
DAMAGED = (
    "not a valid DuckDB database file",
    "Corrupt database file",
    "Could not read enough bytes",
    "sqlite_scanner",
    "replaying WAL",
    "Serialization Error",
    "INTERNAL Error",
)
LOST = (
    "A new one begins anew: segments are fitted again and get new ids, and the "
    "snapshots of what was published before (docs/publishing.md) are lost with the old."
)
SHOWN = 3


class WorkDatabaseError(Exception):
    """A work database that a build can't or mustn't write to, in sentences."""


def check_work_database(path: Path, config: dict[str, Any]) -> None:
    """Make the folder of the work database, and see that the database is for a build.

    Raises:
        WorkDatabaseError: when it can't be opened, or has tables of others where a
            build writes its own.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(path), config=config) as connection:
            others = _tables_of_others(connection)
    except (duckdb.Error, OSError) as error:
        reason = " ".join(str(error).split("\n\n")[0].split()).rstrip(".")
        raise WorkDatabaseError(
            f"The work database {path} can't be opened: {reason}. "
            f"{_advice(path, reason)} What was published before stays."
        ) from error
    if others:
        more = f" and {len(others) - SHOWN} more" * (len(others) > SHOWN)
        raise WorkDatabaseError(
            f"The database {path} holds tables that no build has made, under names "
            f"that builds write: {', '.join(others[:SHOWN])}{more}. Nothing in it was "
            "touched. Build into another folder (TRAJECTORIES_BUILD), or move the "
            "database away. If builds may replace them all the same, say so by 'create "
            f"schema {INPUT_SCHEMA}' in it."
        )


def _advice(path: Path, reason: str) -> str:
    """Say what to do about a database that can't be opened."""
    if IN_USE in reason:
        return (
            "One process at a time can write to it: wait for the other build, close "
            "the tool that has it open, or build into another folder "
            "(TRAJECTORIES_BUILD)."
        )
    if "version number" in reason:
        return (
            "Another release of DuckDB has written it: build with that one, or move "
            f"the file away and build anew. {LOST}"
        )
    if any(words in reason for words in DAMAGED):
        return (
            f"It is damaged, or no database of DuckDB. Put back a copy of it, or move "
            f"it away, with {path.name}.wal beside it if there is one, and build anew. "
            f"{LOST}"
        )
    return (
        "Check that it is a file, that you may write to it and to its folder, and that "
        "the disk has space."
    )


def _tables_of_others(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """List what a build would replace, when no build has been there."""
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database() "
        "and regexp_matches(table_schema || '.' || table_name, $1) "
        "and not exists (from information_schema.schemata "
        "where catalog_name = current_database() and schema_name = $2) order by 1",
        [WRITTEN, INPUT_SCHEMA],
    ).fetchall()
    return [table for (table,) in found]
