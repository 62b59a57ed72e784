"""Writes marts into one DuckDB file and as Parquet, and hashes what they contain.

A mart that grows by month is a folder per month (Hive partitions): `month=2017-12-01`,
named by its first day. The hash of a mart is one of its rows as text, so that the same
rows have the same hash in DuckDB, Parquet and PostgreSQL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from trajectories.warehouse.quoting import identifier, literal

DATABASE = "trajectories.duckdb"
PARQUET = "parquet"
CSV = "csv"
MONTH = "month"
ALIAS = "publication"
ROWS_AT_ONCE = 50_000


class PublishError(Exception):
    """A build that can't be published, in a sentence."""


@dataclass(frozen=True)
class Mart:
    """A table to publish: its name, its key, and the date it is parted by.

    `key` are the columns that order its rows (none: all columns). `partitioned_by` is
    a date column, or nothing: Parquet has a folder for each of its months. `relation`
    is where the work database has it, quoted; without, under the same name. Columns
    that are `left_out` are there, and null. One that `is_csv` is written as CSV as
    well, for tools that read nothing else.
    """

    schema: str
    name: str
    key: tuple[str, ...] = ()
    partitioned_by: str = ""
    relation: str = ""
    left_out: tuple[str, ...] = ()
    is_csv: bool = False

    @property
    def order_by(self) -> tuple[str, ...]:
        """The columns that order the rows in all formats."""
        parted = (self.partitioned_by,) if self.partitioned_by else ()
        return tuple(dict.fromkeys(parted + self.key)) if self.key else ()


@dataclass(frozen=True)
class PublishedFile:
    """A file of a build: its path in the build's folder, bytes and SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class PublishedMart:
    """A published table: its rows, the hash of their text, and its files."""

    schema: str
    name: str
    rows: int
    sha256: str
    order_by: tuple[str, ...]
    partitioned_by: str
    files: tuple[PublishedFile, ...]
    left_out: tuple[str, ...] = ()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_file(folder: Path, path: str) -> PublishedFile:
    """Measure and hash a file of a build."""
    file = folder / path
    return PublishedFile(path, file.stat().st_size, file_hash(file))


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Return the columns of a table or of what can stand after `from`, in order."""
    connection.execute(f"select * from {relation} limit 0")
    return [column[0] for column in connection.description or []]


def content_hash(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    order_by: Sequence[str] = (),
) -> str:
    """Return the SHA-256 of rows as CSV: every value quoted, nulls empty, no header.

    Values are text as DuckDB writes them; lines end in one line feed. Rows stand in
    the order of `order_by` (none: of all columns), which must tell them apart.
    """
    values = [
        f"""coalesce('"' || replace({name}::varchar, '"', '""') || '"', '')"""
        for name in map(identifier, columns)
    ]
    order = ", ".join(map(identifier, order_by or columns))
    line = " || ',' || ".join(values)
    rows = connection.execute(
        f"select {line} || chr(10) from {relation} order by {order}"
    )
    digest = hashlib.sha256()
    while lines := rows.fetchmany(ROWS_AT_ONCE):
        digest.update("".join(line for (line,) in lines).encode())
    return digest.hexdigest()


def overall_hash(marts: Iterable[PublishedMart]) -> str:
    """Return one SHA-256 over all marts' names, rows and hashes, in order of name."""
    lines = sorted(
        f"{mart.schema}.{mart.name} {mart.rows} {mart.sha256}" for mart in marts
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def parquet_relation(folder: Path, mart: str) -> str:
    """Return what reads all Parquet files of a mart, months as a column, in DuckDB."""
    files = literal(folder / PARQUET / mart / "**" / "*.parquet")
    return f"read_parquet({files}, hive_partitioning = true)"


def write_marts(
    connection: duckdb.DuckDBPyConnection, folder: Path, marts: Iterable[Mart]
) -> tuple[PublishedMart, ...]:
    """Copy marts into a database file and Parquet files, rows in order.

    Raises:
        PublishError: when rows of a mart belong to no month, or hold what is no number,
            or a column that orders them is left out.
        duckdb.Error, OSError: when a mart can't be read, or a file can't be written.
    """
    threads, work = _one_row(
        connection, "select current_setting('threads'), current_database()"
    )
    # One thread alone lays rows out in pages of other lengths than several do.
    connection.execute(f"set threads = {max(int(threads), 2)}")
    connection.execute(f"attach {literal(folder / DATABASE)} as {ALIAS}")
    try:
        written = tuple(
            _write_mart(connection, str(work), folder, mart)
            for mart in sorted(marts, key=lambda mart: (mart.schema, mart.name))
        )
        connection.execute(f"checkpoint {ALIAS}")
    except BaseException:
        with suppress(duckdb.Error):  # The first error says more than this one.
            connection.execute(f"detach {ALIAS}")
        raise
    finally:
        connection.execute(f"set threads = {threads}")
    connection.execute(f"detach {ALIAS}")
    return written


def _one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple:
    return connection.execute(query).fetchone() or ()


def _write_mart(
    connection: duckdb.DuckDBPyConnection, work: str, folder: Path, mart: Mart
) -> PublishedMart:
    source = _shown(mart.relation or identifier(work, mart.schema, mart.name), mart)
    table = identifier(ALIAS, mart.schema, mart.name)
    order = ", ".join(map(identifier, mart.order_by)) or "all"
    connection.execute(f"create schema if not exists {identifier(ALIAS, mart.schema)}")
    connection.execute(f"create table {table} as from ({source}) order by {order}")
    (rows,) = _one_row(connection, f"select count(*) from {table}")
    _refuse_what_is_no_number(connection, table, mart, rows)
    if mart.partitioned_by and rows:
        files = _write_months(connection, table, folder, mart)
    else:
        path = _parquet_path(folder, mart.name)
        _write_parquet(connection, f"from {table}", folder / path)
        files = [path]
    if mart.is_csv:
        files.append(_write_csv(connection, table, folder, mart))
    columns = columns_of(connection, table)
    return PublishedMart(
        mart.schema,
        mart.name,
        rows,
        content_hash(connection, table, columns, mart.order_by),
        mart.order_by or tuple(columns),
        mart.partitioned_by,
        tuple(describe_file(folder, path) for path in files),
        mart.left_out,
    )


def _shown(source: str, mart: Mart) -> str:
    """Write the query for what is published of a mart: what is left out is null."""
    if ordering := sorted({*mart.order_by} & {*mart.left_out}):
        raise PublishError(
            f"{mart.schema}.{mart.name} is ordered by {', '.join(ordering)}, which is "
            "personal and to be left out: take is_personal out of the column's meta, "
            "or give the mart another key"
        )
    # Of a case that never holds, DuckDB keeps the type.
    nulls = [
        f"case when false then {c} end as {c}" for c in map(identifier, mart.left_out)
    ]
    replaced = f" replace ({', '.join(nulls)})" if nulls else ""
    return f"select *{replaced} from {source}"


def _refuse_what_is_no_number(
    connection: duckdb.DuckDBPyConnection, table: str, mart: Mart, rows: int
) -> None:
    """Raise an error that names the column with NaN or infinite values, if any."""
    described = connection.execute(f"describe {table}").fetchall()
    numbers = [name for name, kind, *_ in described if kind in ("DOUBLE", "FLOAT")]
    if not numbers:
        return
    counts = ", ".join(
        f"count(*) filter (where not isfinite({identifier(name)}))" for name in numbers
    )
    found = _one_row(connection, f"select {counts} from {table}")
    for name, failing in zip(numbers, found, strict=True):
        if failing:
            raise PublishError(
                f"{mart.schema}.{mart.name} holds no number (NaN or infinity) as "
                f"{name} in {failing:,} of {rows:,} rows, where null says that there "
                f"is none. Look at them in the work database (select * from "
                f"{mart.schema}.{mart.name} where not isfinite({name})) and mend the "
                "model"
            )


def _write_months(
    connection: duckdb.DuckDBPyConnection, table: str, folder: Path, mart: Mart
) -> list[str]:
    """Write a file for each month; a column `month` stands in the folders' names."""
    day = identifier(mart.partitioned_by)
    is_month = mart.partitioned_by == MONTH
    month = day if is_month else f"date_trunc('month', {day})::date"
    columns = f"* exclude ({day})" if is_month else "*"
    found = connection.execute(f"select distinct {month} from {table} order by all")
    months = [first_day for (first_day,) in found.fetchall()]
    if None in months:
        raise PublishError(
            f"{mart.schema}.{mart.name} is partitioned by {mart.partitioned_by}, which "
            "is empty in some rows: give the column a not_null test, or take "
            "parted_by out of the mart's yml"
        )
    paths = []
    for first_day in months:
        path = _parquet_path(folder, mart.name, f"{MONTH}={first_day}")
        query = f"select {columns} from {table} where {month} = {literal(first_day)}"
        _write_parquet(connection, query, folder / path)
        paths.append(path)
    return paths


def _parquet_path(folder: Path, mart: str, *month: str) -> str:
    """Make the folder of a Parquet file; return the file's path in the build."""
    path = Path(PARQUET, mart, *month, f"{mart}.parquet")
    (folder / path).parent.mkdir(parents=True)
    return path.as_posix()


def _write_csv(
    connection: duckdb.DuckDBPyConnection, table: str, folder: Path, mart: Mart
) -> str:
    """Write a mart as one CSV file, rows in order; return its path in the build."""
    path = Path(CSV, f"{mart.name}.csv")
    (folder / CSV).mkdir(exist_ok=True)
    connection.execute(
        f"copy (from {table}) to {literal(folder / path)} (format csv, header)"
    )
    return path.as_posix()


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path
) -> None:
    connection.execute(
        f"copy ({query}) to {literal(path)} (format parquet, compression zstd)"
    )
