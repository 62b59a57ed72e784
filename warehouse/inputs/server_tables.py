"""Copies tables of a PostgreSQL server into the work database: whole, or what is new.

The copy holds the server's own columns, as they were there, and stays from build to
build; what a mapping makes of them is computed on the whole copy each time. So a load
of what is new and a load of everything give the same, and a changed expression needs
no new load. A load is one transaction on either side: it happens, or nothing does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from trajectories.warehouse.inputs.contract import InputError, listing
from trajectories.warehouse.inputs.sources import ServerTable
from trajectories.warehouse.postgres import SERVER, ask, reason, transaction
from trajectories.warehouse.quoting import identifier, literal

BATCH_ROWS = 50_000
CHANGED = "changed_rows"
INCOMING = "incoming_rows"


@dataclass(frozen=True)
class ServerCopy:
    """A table as it was copied: where from, where to, its rows, those that were loaded.

    `since` is the first moment that was loaded, None when everything was; `sha256`
    tells the copy's content, in any order.
    """

    table: ServerTable
    relation: str
    rows: int
    loaded_rows: int
    since: str | None
    sha256: str

    def __str__(self) -> str:
        """Say what was loaded."""
        loaded = f"{self.loaded_rows:,} of {self.rows:,} rows loaded from {self.table}"
        return f"{loaded}, those from {self.since} on" if self.since else loaded


def describe_copies(
    described: Mapping[str, Any], copies: Mapping[str, ServerCopy]
) -> dict[str, Any]:
    """Add to what the manifest says of an input what was read from a server.

    The hash over the input's content then covers the copies and the files beside them.
    """
    if not copies:
        return dict(described)
    tables = [
        {
            "table": name,
            "name": str(copies[name].table),
            "rows": copies[name].rows,
            "sha256": copies[name].sha256,
        }
        for name in sorted(copies)
    ]
    hashed = [*described["files"], *tables]
    lines = sorted(f"{entry['table']} {entry['sha256']}" for entry in hashed)
    content = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {**described, "tables": tables, "sha256": content}


def server_relation(table: ServerTable) -> str:
    """Name a server's table as the connection that the server is attached to does."""
    return identifier(SERVER, table.schema, table.name)


def check_table(server: duckdb.DuckDBPyConnection, table: ServerTable) -> None:
    """Check that a table is there and may be read.

    Raises:
        InputError: when it isn't; the message lists the tables that are.
    """
    rows = ask(
        server,
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema not in ('pg_catalog', 'information_schema') order by 1",
    )
    found = [row[0] for row in rows]
    if str(table) not in found:
        raise InputError(
            f"The PostgreSQL server has no table '{table}' that this user may read. It "
            f"may read: {listing(found)}. Correct the name in the mapping file "
            "(postgres: schema.table), or grant select on the table."
        )


def copy_table(
    work: duckdb.DuckDBPyConnection,
    server: duckdb.DuckDBPyConnection,
    table: ServerTable,
    kinds: dict[str, str],
    relation: str,
    full_load: bool = False,
) -> ServerCopy:
    """Bring the copy of a table up to date.

    Args:
        work, server: the work database; a connection that the server is attached to.
        table: what is copied.
        kinds: the columns to copy, with their types in DuckDB.
        relation: the copy's name in the work database.
        full_load: load every row again. The same happens when the copy was made from
            another database, of other columns, or with another `changed_at` or `key`.

    Raises:
        InputError: when the table can't be read to its end, or its key isn't one. The
            copy then is what it was.
    """
    _check_columns(table, kinds)
    origin = _origin(server, table, kinds)
    columns = ", ".join(map(identifier, kinds))
    rows = f"select {columns} from {server_relation(table)}"
    try:
        with transaction(work):
            since = None if full_load else _since(work, server, table, relation, origin)
            if since is None:
                _fill(work, server, f"create or replace table {relation} as", rows)
                loaded = _count(work, relation)
            else:
                loaded = _replace(work, server, table, relation, rows, since)
            work.execute(f"comment on table {relation} is {literal(origin)}")
            _check_key(work, table, relation)
            content = _content(work, relation)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise InputError(
            f"Table {table} of the PostgreSQL server couldn't be read to its end: "
            f"{reason(error)}. What was loaded before stays. Build again."
        ) from error
    return ServerCopy(table, relation, content[0], loaded, since, content[1])


def _check_columns(table: ServerTable, kinds: dict[str, str]) -> None:
    kind = kinds.get(table.changed_at or "", "DATE")
    if kind != "DATE" and not kind.startswith("TIMESTAMP"):
        raise InputError(
            f"The column {table.changed_at} of {table} can't be 'changed_at': it is "
            f"{kind.lower()}, but it must be a date or a timestamp."
        )


def _origin(
    server: duckdb.DuckDBPyConnection, table: ServerTable, kinds: dict[str, str]
) -> str:
    """Name what a copy is made from: database, table, columns, and how they are used.

    A replica has the identity of its primary.
    """
    database = ask(
        server,
        "select system_identifier::text, current_database()::text "
        "from pg_control_system()",
    )
    facts = [*database[0], str(table), kinds, table.changed_at, table.key]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _since(
    work: duckdb.DuckDBPyConnection,
    server: duckdb.DuckDBPyConnection,
    table: ServerTable,
    relation: str,
    origin: str,
) -> str | None:
    """Return the first moment to load; None when every row has to be.

    A row dated in the future must not keep others out: the newest counts as now.
    """
    made_from = work.execute(
        "select comment from duckdb_tables() where database_name = current_database() "
        "and schema_name || '.' || table_name = ?",
        [relation],
    ).fetchone()
    if table.changed_at is None or made_from != (origin,):
        return None
    now = ask(server, "select (now() at time zone 'UTC')::text")[0][0]
    column = identifier(table.changed_at)
    row = work.execute(
        f"select (least(max({column})::timestamp, ?::timestamp) - to_days(?))::varchar "
        f"from {relation}",
        [now, table.look_back_days],
    ).fetchone()
    return row[0] if row else None


def _fill(
    work: duckdb.DuckDBPyConnection,
    server: duckdb.DuckDBPyConnection,
    statement: str,
    rows: str,
) -> None:
    """Run a statement that takes rows of the server, batch by batch."""
    batches = server.execute(rows).to_arrow_reader(BATCH_ROWS)
    lost: list[Exception] = []

    def stream() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except Exception as error:
            lost.append(error)
            raise

    reader = pa.RecordBatchReader.from_batches(batches.schema, stream())
    work.register(INCOMING, reader)
    try:
        work.execute(f"{statement} select * from {INCOMING}")
    except duckdb.Error as error:
        # DuckDB's own account of what the stream raised is a page long.
        raise (lost[0] if lost else error) from error
    finally:
        work.unregister(INCOMING)


def _replace(
    work: duckdb.DuckDBPyConnection,
    server: duckdb.DuckDBPyConnection,
    table: ServerTable,
    relation: str,
    rows: str,
    since: str,
) -> int:
    """Take what changed since a moment, in place of the rows from then and of its keys.

    Rows of the copy from then on go first: one that the server has deleted since
    doesn't come back.
    """
    column = identifier(table.changed_at or "")
    is_changed = f"{column} >= {literal(since)}"
    changed = f"{rows} where {is_changed} union all {rows} where {column} is null"
    _fill(work, server, f"create or replace temp table {CHANGED} as", changed)
    same_key = " and ".join(
        f"{relation}.{name} is not distinct from {CHANGED}.{name}"
        for name in map(identifier, table.key)
    )
    work.execute(f"delete from {relation} where {is_changed} or {column} is null")
    work.execute(f"delete from {relation} using {CHANGED} where {same_key}")
    work.execute(f"insert into {relation} select * from {CHANGED}")
    loaded = _count(work, CHANGED)
    work.execute(f"drop table {CHANGED}")
    return loaded


def _check_key(
    work: duckdb.DuckDBPyConnection, table: ServerTable, relation: str
) -> None:
    if not table.key:
        return
    key = ", ".join(map(identifier, table.key))
    twice = work.execute(
        f"select {key} from {relation} group by {key} having count(*) > 1 "
        f"order by {key} limit 1"
    ).fetchone()
    if twice:
        raise InputError(
            f"The 'key' of {table} ({listing(table.key)}) doesn't tell its rows apart: "
            f"{listing(str(value) for value in twice)} is there more than once. Name "
            "the columns of its primary key. What was loaded before stays."
        )


def _count(work: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = work.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def _content(work: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, str]:
    """Count a copy's rows, and hash them so that their order doesn't matter."""
    row = work.execute(
        f"select count(*), sum(hash(copied)::hugeint) from {relation} as copied"
    ).fetchone()
    return int(row[0]) if row else 0, hashlib.sha256(repr(row).encode()).hexdigest()
