"""Publishes a build's marts to a schema of a PostgreSQL server, whole or not at all.

The marts are written into the schema `<schema>__next`, read back and held against the
hashes of the build's manifest. Then one transaction puts that schema in the place of
the one before, when no reader is in it: whoever has read a mart in a transaction sees
that build to the transaction's end. Killed at any moment, the schema holds the build
before or the new one; what is left over goes with the next build.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.exports import DATABASE, content_hash
from trajectories.warehouse.manifest import MANIFEST
from trajectories.warehouse.postgres import (
    SERVER,
    PostgresError,
    ask,
    connect_server,
    reason,
    tell,
    text,
    transaction,
)
from trajectories.warehouse.quoting import identifier, literal

BUILD = "build"
PUBLISHED_BY = "Published by customer_trajectories"
PUBLICATION = "publication"
INDEXED = ("customer_id", "segment_id", "month")
TYPES = {
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
BUSY = "readers are in the tables"
# A reader's wait for the swap is shorter than PostgreSQL's deadlock_timeout of 1 s.
LOCK_MILLISECONDS = 500
PATIENCE_SECONDS = 300.0
BUILDS_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Destination:
    """The schema that holds the published marts, and the role that may read them.

    Raises:
        PostgresError: when the schema's name is not a plain one.
    """

    schema: str
    reader: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that would have to be quoted, or leaves no room for endings."""
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,29}", self.schema):
            raise PostgresError(
                f"The variable postgres_schema is '{self.schema}', but it must be a "
                "name of at most 30 small letters, digits and underscores, such as "
                "marts"
            )

    @property
    def next(self) -> str:
        """The schema that is being filled."""
        return f"{self.schema}__next"

    @property
    def before(self) -> str:
        """The schema that was replaced."""
        return f"{self.schema}__before"


@dataclass(frozen=True)
class Words:
    """What the project says of a mart: of itself, of its columns, of its readers.

    `readers` are roles that may read it beside the destination's.
    """

    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    readers: tuple[str, ...] = ()


def replace_schema(
    folder: Path, destination: Destination, words: Mapping[str, Words]
) -> None:
    """Put a build's marts into the place of those that a schema holds.

    Args:
        folder: a complete build: manifest.json and the marts' database.
        destination: the schema, and who may read it.
        words: by the name of a mart; they become comments and grants.

    Raises:
        PostgresError: when that can't be done; the schema then holds what it held
            before.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    try:
        with closing(connect_server(read_only=False)) as server:
            server.execute(
                f"attach {literal(folder / DATABASE)} as {BUILD} (read_only)"
            )
            with _alone(server, destination) as assure:
                _check_schema(server, destination)
                _stage(server, destination, manifest, words)
                _audit(server, destination, manifest)
                assure()
                _swap(server, destination)
                _drop(server, destination.before)
    except duckdb.Error as error:
        raise PostgresError(
            f"The marts couldn't be published to the schema {destination.schema} of "
            f"the PostgreSQL server: {reason(error)}"
        ) from error


@contextmanager
def _alone(server: duckdb.DuckDBPyConnection, destination: Destination) -> Iterator:
    """Hold a lock on the server that only one build has; give a check that it holds.

    A transaction of its own keeps the lock, so that it goes with the process.
    """
    name = text(f"{PUBLISHED_BY} {destination.schema}")
    lock = f"select pg_try_advisory_xact_lock(hashtextextended({name}, 0))"
    deadline = time.monotonic() + BUILDS_PATIENCE_SECONDS
    with closing(server.cursor()) as holder, transaction(holder):
        while not ask(holder, lock)[0][0]:
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"Another build is publishing to the schema {destination.schema} "
                    "of the PostgreSQL server at this moment"
                )
            time.sleep(0.5)
        yield lambda: ask(holder, "select 1")


def _tables_of(server: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """List what a build has put into a schema; nothing when there is no such schema.

    Raises:
        PostgresError: when the schema wasn't made by this project.
    """
    rows = ask(
        server,
        "select obj_description(oid, 'pg_namespace') from pg_namespace "
        f"where nspname = {text(schema)}",
    )
    if not rows:
        return []
    if not str(rows[0][0]).startswith(PUBLISHED_BY):
        raise PostgresError(
            f"The PostgreSQL server has a schema {schema} that this project hasn't "
            "made, and it isn't touched. Set postgres_schema to another name"
        )
    marts = ask(server, f"select mart from {schema}.{PUBLICATION} order by 1")
    return [PUBLICATION, *(row[0] for row in marts)]


def _check_schema(server: duckdb.DuckDBPyConnection, destination: Destination) -> None:
    """Check that a swap would take nothing from anybody.

    Raises:
        PostgresError: when the schema is somebody else's, or holds or carries somebody
            else's tables.
    """
    for schema in (destination.next, destination.before):
        _tables_of(server, schema)
    tables = _tables_of(server, destination.schema)
    if not tables:
        return
    known = ", ".join(text(table) for table in tables)
    others = ask(
        server,
        "select coalesce(relname, pg_describe_object(classid, objid, 0)) "
        "from pg_depend left join pg_class "
        "on classid = 'pg_class'::regclass and objid = pg_class.oid "
        "where refclassid = 'pg_namespace'::regclass and deptype = 'n' "
        f"and refobjid = '{destination.schema}'::regnamespace "
        f"and coalesce(relname not in ({known}), true) order by 1",
    )
    carried = ask(
        server,
        "select distinct pg_describe_object(classid, objid, 0) "
        f"from ({_dependents(destination)}) as dependents "
        "where view_id is null order by 1",
    )
    found = [row[0] for row in (*others, *carried)]
    if found:
        raise PostgresError(
            f"In or on the schema {destination.schema} of the PostgreSQL server there "
            f"is {', '.join(found)}, which would be lost: a build replaces the whole "
            "schema. Move it into another schema, as a view on the marts: views "
            "follow them"
        )


def _dependents(destination: Destination) -> str:
    """Write SQL for what depends on the marts: classid, objid, and its view, if any."""
    return f"""
        select dependent.classid, dependent.objid, relations.oid as view_id
        from pg_depend as dependent
        inner join pg_class as marts
            on dependent.refobjid = case
                when dependent.refclassid = 'pg_class'::regclass then marts.oid
                else marts.reltype
            end
        left join pg_rewrite as rules
            on dependent.classid = 'pg_rewrite'::regclass
            and dependent.objid = rules.oid
        left join pg_class as relations
            on rules.ev_class = relations.oid and relations.relkind = 'v'
        where (
                dependent.refclassid = 'pg_class'::regclass and (
                    dependent.deptype = 'n' or dependent.classid in (
                        'pg_trigger'::regclass, 'pg_policy'::regclass
                    )
                )
                or dependent.refclassid = 'pg_type'::regclass
                and dependent.deptype = 'n'
            )
            and marts.relnamespace = '{destination.schema}'::regnamespace
        """


def _stage(
    server: duckdb.DuckDBPyConnection,
    destination: Destination,
    manifest: Mapping[str, Any],
    words: Mapping[str, Words],
) -> None:
    """Write the marts into the next schema, with keys, indexes, comments and grants."""
    schema, marts = destination.next, manifest["marts"]
    comment = text(f"{PUBLISHED_BY}, build {manifest['build_id']}.")
    with transaction(server):
        tell(
            server,
            f"drop schema if exists {schema} cascade; create schema {schema}; "
            f"comment on schema {schema} is {comment}; "
            + _publication_sql(schema, manifest),
        )
        for mart in marts:
            columns = _columns(server, mart)
            said = words.get(mart["name"], Words())
            tell(server, _table_sql(schema, mart["name"], columns, said))
        server.execute("call pg_clear_cache()")
        for mart in marts:
            name = mart["name"]
            server.execute(
                f"insert into {identifier(SERVER, schema, name)} "
                f"from {identifier(BUILD, mart['schema'], name)}"
            )
            tell(server, _index_sql(schema, name, list(_columns(server, mart))))
        for reader, tables in _readers(destination, marts, words).items():
            role = identifier(reader)
            tell(
                server,
                f"grant usage on schema {schema} to {role}; grant select on "
                f"{', '.join(identifier(schema, table) for table in tables)} to {role}",
            )


def _readers(
    destination: Destination,
    marts: list[Mapping[str, Any]],
    words: Mapping[str, Words],
) -> dict[str, list[str]]:
    """List the tables that each role may read; whoever reads one sees its build."""
    granted: dict[str, list[str]] = {}
    for mart in marts:
        own = words.get(mart["name"], Words()).readers
        for reader in {*own, *filter(None, [destination.reader])}:
            granted.setdefault(reader, [PUBLICATION]).append(mart["name"])
    return granted


def _publication_sql(schema: str, manifest: Mapping[str, Any]) -> str:
    """Write SQL for the table that tells readers which build they see."""
    table = f"{schema}.{PUBLICATION}"
    created = text(manifest["created_at"]) if "created_at" in manifest else "null"
    rows = ", ".join(
        f"({text(mart['name'])}, {mart['rows']}, {text(mart['sha256'])}, "
        f"{text(manifest['build_id'])}, {created})"
        for mart in manifest["marts"]
    )
    return (
        f"create table {table} (mart text primary key, rows bigint, sha256 text, "
        f"build_id text, created_at timestamptz); insert into {table} values {rows}; "
        f"comment on table {table} is 'The marts of this schema, and their build.'"
    )


def _columns(
    server: duckdb.DuckDBPyConnection, mart: Mapping[str, Any]
) -> dict[str, str]:
    """Return a mart's columns with their types on the server."""
    described = server.execute(
        f"describe {identifier(BUILD, mart['schema'], mart['name'])}"
    ).fetchall()
    return {name: TYPES.get(kind, kind) for name, kind, *_ in described}


def _table_sql(schema: str, mart: str, columns: Mapping[str, str], words: Words) -> str:
    table = identifier(schema, mart)
    defined = ", ".join(f"{identifier(name)} {columns[name]}" for name in columns)
    statements = [f"create table {table} ({defined})"]
    if words.description:
        said = text(words.description.strip())
        statements.append(f"comment on table {table} is {said}")
    statements += [
        f"comment on column {table}.{identifier(name)} is {text(said.strip())}"
        for name, said in words.columns.items()
        if name in columns and said
    ]
    return "; ".join(statements)


def _index_sql(schema: str, mart: str, columns: list[str]) -> str:
    """Write SQL for a mart's key, its first column, and for what readers filter by."""
    table = identifier(schema, mart)
    statements = [f"alter table {table} add primary key ({identifier(columns[0])})"]
    statements += [
        f"create index on {table} ({name})" for name in INDEXED if name in columns[1:]
    ]
    return "; ".join([*statements, f"analyze {table}"])


def _audit(
    server: duckdb.DuckDBPyConnection,
    destination: Destination,
    manifest: Mapping[str, Any],
) -> None:
    """Read what was written, and hold it against the manifest.

    Raises:
        PostgresError: when the server gives other rows than the build has.
    """
    for mart in manifest["marts"]:
        table = identifier(SERVER, destination.next, mart["name"])
        columns = list(_columns(server, mart))
        found = content_hash(server, table, columns, mart["order_by"])
        if found != mart["sha256"]:
            raise PostgresError(
                f"The PostgreSQL server gives other rows of {mart['name']} than were "
                "written to it: the hash of their text isn't the manifest's"
            )


def _swap(server: duckdb.DuckDBPyConnection, destination: Destination) -> None:
    """Put the next schema in the place of the one before, in one transaction.

    It waits until no transaction is open that has read a mart. Views elsewhere are
    pointed to the new marts.

    Raises:
        PostgresError: when readers have been in the marts all the time that it waited.
    """
    schema, before = destination.schema, destination.before
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        tables = _tables_of(server, schema)
        try:
            with transaction(server):
                statements = [f"drop schema if exists {before} cascade"]
                views = []
                if tables:
                    tell(server, _lock_sql(schema, tables))
                    views = _views(server, destination)
                    statements.append(f"alter schema {schema} rename to {before}")
                statements.append(f"alter schema {destination.next} rename to {schema}")
                tell(server, "; ".join([*statements, *views]))
            return
        except duckdb.Error as error:
            if BUSY not in str(error):
                raise
            if time.monotonic() > deadline:
                raise PostgresError(_who_is_busy(server, schema)) from error
        time.sleep(LOCK_MILLISECONDS / 1000)


def _lock_sql(schema: str, tables: list[str]) -> str:
    """Write SQL that locks all tables or none, or says that readers are in them."""
    names = ", ".join(identifier(schema, table) for table in tables)
    return f"""
        set local statement_timeout = {LOCK_MILLISECONDS};
        do $do$ begin
            lock table {names} in access exclusive mode;
        exception when query_canceled or deadlock_detected then
            raise exception '{BUSY}';
        end $do$;
        set local statement_timeout = 0
        """


def _views(server: duckdb.DuckDBPyConnection, destination: Destination) -> list[str]:
    """Write SQL that points views elsewhere, as they are defined, to the new marts."""
    tell(server, "set local search_path = ''")
    rows = ask(
        server,
        f"""
        select format(
            'create or replace view %I.%I %s as %s',
            views.relnamespace::regnamespace::name,
            views.relname,
            'with (' || array_to_string(views.reloptions, ', ') || ')',
            rtrim(pg_get_viewdef(views.oid), ';')
        )
        from (
            select distinct view_id from ({_dependents(destination)}) as dependents
        ) as found
        inner join pg_class as views on found.view_id = views.oid
        order by views.oid
        """,
    )
    return [row[0] for row in rows]


def _who_is_busy(server: duckdb.DuckDBPyConnection, schema: str) -> str:
    rows = ask(
        server,
        "select distinct pid || ' of ' || usename from pg_locks "
        "inner join pg_class on pg_locks.relation = pg_class.oid "
        "inner join pg_stat_activity using (pid) "
        f"where relnamespace = '{schema}'::regnamespace and pid != pg_backend_pid() "
        "order by 1",
    )
    found = ", ".join(row[0] for row in rows) or "none any more"
    return (
        f"Readers have been in the schema {schema} of the PostgreSQL server for "
        f"{PATIENCE_SECONDS:.0f} seconds without a pause (processes: {found}). End "
        "their open transactions, or set idle_in_transaction_session_timeout"
    )


def _drop(server: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Drop the schema that was replaced."""
    tell(server, f"drop schema if exists {schema} cascade")
