"""Connects to a PostgreSQL server, through DuckDB's extension for it.

Where the server is, and who asks, libpq reads from its own environment variables
(PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE, PGSSLROOTCERT, PGSERVICE,
PGPASSFILE ...): this project keeps no address and no password.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from trajectories.warehouse.quoting import literal

SERVER = "server"
PACKAGE = "duckdb_extension_postgres_scanner"
VARIABLES = (
    "Check the environment variables PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD "
    "and PGSSLMODE (docs/postgres.md)."
)


class PostgresError(Exception):
    """Something that a server, or the way to it, didn't allow; a sentence or a few."""


def connect_server(read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB of its own, in memory, to which the server is attached.

    The server is the database `server`. The work database never sees it: dbt's look at
    all tables would otherwise ask the server too, and fail with it.

    Raises:
        PostgresError: when the extension isn't installed, or the server can't be
            reached.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("set TimeZone = 'UTC'")
    attach_server(connection, SERVER, read_only)
    return connection


def attach_server(
    connection: duckdb.DuckDBPyConnection, alias: str, read_only: bool = True
) -> None:
    """Attach the server to a connection of DuckDB, under a name.

    Raises:
        PostgresError: when the extension isn't installed, or the server can't be
            reached.
    """
    path = literal(_extension())
    options = "type postgres, read_only" if read_only else "type postgres"
    try:
        connection.execute(f"load {path}")
        connection.execute(f"attach '' as {alias} ({options})")
    except duckdb.Error as error:
        raise PostgresError(
            f"The PostgreSQL server can't be reached: {reason(error)}. {VARIABLES}"
        ) from error


def _extension() -> Path:
    """Find the extension's file in its package, for exactly this DuckDB."""
    found = importlib.util.find_spec(PACKAGE)
    for folder in found.submodule_search_locations or [] if found else []:
        version = Path(folder) / "extensions" / f"v{duckdb.__version__}"
        path = version / "postgres_scanner.duckdb_extension"
        if path.exists():
            return path
    raise PostgresError(
        f"DuckDB's extension for PostgreSQL isn't installed for DuckDB "
        f"{duckdb.__version__}. Install it with: pip install '.[postgres]'"
    )


def reason(error: Exception) -> str:
    """Return what a server said, on one line, without a last full stop or a password.

    DuckDB sets its own words and the statement before, PostgreSQL its context behind.
    """
    text = re.split("CONTEXT:|LINE 1:", str(error))[0]
    text = re.sub(r'^.*Failed to [\w ]+ ".*": ', "", text, flags=re.DOTALL)
    text = re.sub(r"^([A-Z][\w ]* Error: )?(.*Postgres at \"\": )?", "", text)
    password = os.environ.get("PGPASSWORD")
    if password:
        text = text.replace(password, "***")
    return " ".join(text.removeprefix("ERROR:").split()).rstrip(".?")


@contextmanager
def transaction(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Run a block as one transaction, of DuckDB and so of the server.

    It is always ended: DuckDB ends the process when it is left to drop a transaction
    whose connection is lost.
    """
    connection.execute("begin transaction")
    try:
        yield connection
        connection.execute("commit")
    except BaseException:
        # Where the connection is lost, so is the transaction.
        with suppress(duckdb.Error):
            connection.execute("rollback")
        raise


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    """Return the rows of a query that the server computes."""
    query = "select * from postgres_query(?, ?)"
    return connection.execute(query, [SERVER, sql]).fetchall()


def tell(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Have the server run statements that return no rows."""
    connection.execute("call postgres_execute(?, ?)", [SERVER, sql])


def text(value: str) -> str:
    """Quote a text for the server, whatever it holds."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"
