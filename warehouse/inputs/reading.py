"""Reads one input table, wherever it lies, as a stream of text columns."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from trajectories.warehouse.inputs.contract import (
    LEFT_OUT,
    SOURCE_FILE,
    SOURCE_ROW,
    TABLES,
    UNREADABLE,
    InputError,
    TableContract,
    listing,
    squeeze,
)
from trajectories.warehouse.inputs.expressions import (
    VIEW,
    WORDS,
    define_macros,
    referenced_names,
)
from trajectories.warehouse.inputs.formats import format_of, kind_of
from trajectories.warehouse.inputs.planning import (
    Plan,
    columns_of,
    input_columns,
    make_plan,
    relation_sql,
    unreadable_relation,
    write_expressions,
)
from trajectories.warehouse.inputs.rewriting import (
    BATCH_ROWS,
    check_parquet,
    folder_of,
    rewrite_as_parquet,
    unreadable_file,
)
from trajectories.warehouse.inputs.rows import TYPED, Sought
from trajectories.warehouse.inputs.server_tables import (
    ServerCopy,
    check_table,
    copy_table,
    server_relation,
)
from trajectories.warehouse.inputs.sources import (
    TableSource,
    find_source,
    note_on_unread_files,
)
from trajectories.warehouse.postgres import PostgresError, connect_server
from trajectories.warehouse.quoting import identifier, literal

# Where the tables of sources lie, and the copies of a server's tables beside them.
INPUT_SCHEMA = "raw_files"
COPY_ENDING = "__copied"
# A text that holds 1.250 or 1,250 alone.
_UNDECIDED = literal(r"[^0-9.,]*[1-9][0-9]{0,2}[.,][0-9]{3}[^0-9.,]*")
Connect = Callable[[], duckdb.DuckDBPyConnection]


class InputReader:
    """Reads the tables of inputs; what is costly is done once per file and table.

    Args:
        scratch: a folder for rewritten text files; made when needed, the caller removes
            it.
        connect: gives a new cursor on the database that 'relation' settings speak of.
    """

    def __init__(
        self, scratch: Callable[[], Path], connect: Connect | None = None
    ) -> None:
        """Start with nothing read."""
        self._scratch = scratch
        self._connect = connect
        self._plans: dict[str, Plan] = {}
        self._lock = threading.Lock()
        self._time_zone = ""
        self.read_files: dict[str, tuple[Path, ...]] = {}
        # Sentences on what was taken where an input could not tell; each said once.
        self.notes: list[str] = []
        self._failures: dict[str, str] = {}
        self.copies: dict[str, ServerCopy] = {}

    def read(
        self,
        location: str,
        table_name: str,
        full_load: bool = False,
        time_zone: str = "",
    ) -> pa.RecordBatchReader | pa.Table:
        """Read one table of an input (a folder, a file, or a mapping file).

        A table of a server is first copied into the work database, once: what is new
        in it, or everything (`full_load`). Moments are written as clocks in
        `time_zone` show them; without one, as those of the zone that a Parquet file
        names, or in UTC.

        Returns:
            Its canonical columns as text, in the contract's order (null where there is
            none), then `_unreadable` (text: the raw line, where it couldn't be split;
            else null), `_left_out` (text: the row, where the mapping's `where` leaves
            it out, all columns then being null; else null) and `_source_row` (bigint: 1
            for the first row after the header). An optional table that isn't there is
            an empty table.

        Raises:
            InputError: when the input can't be used; the message says what was found
                and what to do.
        """
        table = TABLES[table_name]
        with self._lock:
            self._time_zone = time_zone
            try:
                source = find_source(location, table) if location else None
                if not table.is_optional:
                    self._note(note_on_unread_files(location) if location else ())
                if source is None:
                    return _empty(table)
                self._note(source.notes)
                if source.server_table is not None:
                    source = self._copied(source, full_load)
                plan = self._plan(source)
            except InputError as error:
                raise self._said_once(error, table_name) from error
            self.read_files[table.name] = source.files
        return self._stream(source, plan)

    def _note(self, sentences: Iterable[str]) -> None:
        self.notes += [it for it in dict.fromkeys(sentences) if it not in self.notes]

    def _said_once(self, error: InputError, table_name: str) -> InputError:
        """Return a failure; where another table had the same, refer to it."""
        first = self._failures.setdefault(str(error), table_name)
        if first == table_name:
            return error
        return InputError(f"{table_name}: for the reason given for {first}.")

    def _copied(self, source: TableSource, full_load: bool) -> TableSource:
        """Copy a server's table into the work database; return it as a relation."""
        name = source.table.name
        if name not in self.copies:
            relation = f"{INPUT_SCHEMA}.{name}{COPY_ENDING}"
            with self._open(replace(source, relation=relation)) as work:
                work.execute("set TimeZone = 'UTC'")
                self.copies[name] = _copy(work, source, relation, full_load)
        return replace(source, relation=self.copies[name].relation)

    def _plan(self, source: TableSource) -> Plan:
        key = _key_of(source)
        if source.relation or key not in self._plans:
            with self._open(source) as connection:
                try:
                    sql = self._rows_sql(connection, source)
                    kinds = columns_of(connection, sql)
                    if _is_parquet(source):
                        _check_pages(connection, kinds)
                except duckdb.Error as error:
                    raise InputError(_unreadable(source, error)) from error
                self._plans[key] = make_plan(connection, source, sql, kinds)
                self._note(self._plans[key].notes)
        return self._plans[key]

    def _open(self, source: TableSource) -> duckdb.DuckDBPyConnection:
        if source.relation is None:
            connection = duckdb.connect()
        elif self._connect is None:
            raise InputError(
                f"{source.table.name} is to be read from {source.label}, but there is "
                "no database to read it from. Give a path to a file instead."
            )
        else:
            connection = self._connect()
        zone = self._time_zone or _zone_of(source)
        known = "select 1 from pg_timezone_names() where name = ?"
        if not connection.execute(known, [zone]).fetchone():
            if self._time_zone:
                raise InputError(
                    f"'{zone}', given as time_zone, is no time zone. Write its name "
                    "as Europe/Berlin or America/New_York."
                )
            zone = "UTC"
        connection.execute(f"set TimeZone = {literal(zone)}")
        define_macros(connection, source.decimal)
        if source.relation is None:
            _confine(connection, self._files_of(source))
        return connection

    def _files_of(self, source: TableSource) -> list[str]:
        """List what the query of a source of files reads: those or a rewritten one."""
        if _is_parquet(source):
            return [str(file) for file in source.files]
        name = f"{source.table.name}-{_key_of(source)}.parquet"
        return [str(self._scratch() / name)]

    def _stream(self, source: TableSource, plan: Plan) -> pa.RecordBatchReader:
        connection = self._open(source)
        connection.execute(plan.view)
        batches = connection.execute(plan.sql).to_arrow_reader(BATCH_ROWS)

        def stream() -> Iterator[pa.RecordBatch]:
            yield from batches
            connection.close()

        return pa.RecordBatchReader.from_batches(batches.schema, stream())

    def _rows_sql(
        self, connection: duckdb.DuckDBPyConnection, source: TableSource
    ) -> str:
        """Write the query for a source's rows: own columns, `_unreadable`, row."""
        if source.relation:
            return relation_sql(connection, source)
        if _is_parquet(source):
            for file in source.files:
                check_parquet(file)
            return _parquet_sql(connection, source)
        rewritten = Path(self._files_of(source)[0])
        if not rewritten.exists():
            sought = _sought(connection, source)
            self._note(rewrite_as_parquet(source, sought, rewritten))
        read = f"select * from read_parquet({literal(str(rewritten))})"
        if format_of(source.files[0]).is_typed:
            return _typed_sql(connection, read, _sought(connection, source))
        return read


def _zone_of(source: TableSource) -> str:
    """Name the zone in which a source's moments are written: a Parquet file may tell.

    Where its columns, or files, name several zones, and elsewhere, it is UTC.
    """
    zones = set()
    for file in source.files if source.relation is None else ():
        if kind_of(file) == "parquet":
            try:
                schema = pq.read_schema(file)
            except (OSError, pa.ArrowException):
                continue
            zones.update(getattr(field.type, "tz", None) for field in schema)
    zones -= {None, "UTC"}
    return zones.pop() if len(zones) == 1 else "UTC"


def _confine(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """Let a connection read these files, and no other, nor anything of the network.

    What a mapping computes is other people's code.
    """
    paths = ", ".join(literal(file) for file in files)
    connection.execute(f"set allowed_paths = [{paths}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _key_of(source: TableSource) -> str:
    """Name a source and the state of its files."""
    states = []
    for file in source.files:
        try:
            state = file.stat()
        except OSError as error:
            raise InputError(unreadable_file(file, error)) from error
        if not state.st_size:
            raise InputError(
                f"{file.name} is empty (0 bytes), so {source.table.name} can't be read "
                "from it. Export it again, or remove it when the shop has no such "
                "table."
            )
        states.append((state.st_mtime_ns, state.st_size))
    return hashlib.sha256(repr((source, states)).encode()).hexdigest()[:16]


def _unreadable(source: TableSource, error: Exception) -> str:
    if source.files:
        return (
            f"{source.label} can't be read: it is damaged inside. Export it again, and "
            "copy it whole."
        )
    return unreadable_relation(source, str(error).splitlines()[0])


def _empty(table: TableContract) -> pa.Table:
    names = (*table.columns, UNREADABLE, LEFT_OUT)
    fields = [pa.field(name, pa.string()) for name in names]
    return pa.schema([*fields, pa.field(SOURCE_ROW, pa.int64())]).empty_table()


def _is_parquet(source: TableSource) -> bool:
    return bool(source.files) and kind_of(source.files[0]) == "parquet"


def _check_pages(connection: duckdb.DuckDBPyConnection, kinds: dict[str, str]) -> None:
    """Read all of a Parquet file: damage is met here, not amid making a table."""
    hashes = ", ".join(f"bit_xor(hash({identifier(name)}))" for name in kinds)
    connection.execute(f"select {hashes} from {VIEW}")


def _parquet_sql(connection: duckdb.DuckDBPyConnection, source: TableSource) -> str:
    """Write the query for the rows of Parquet files: own columns, and the reader's."""
    files = ", ".join(literal(str(file)) for file in source.files)
    options = "union_by_name = true, binary_as_string = true"
    read = f"read_parquet([{files}], {options}"
    described = connection.execute(f"describe select * from {read})").fetchall()
    names = [str(row[0]) for row in described]
    number, path = "row_number() over ()", literal(source.files[0].name)
    if len(source.files) > 1:
        found = f"{max(names, key=len)}_file"
        read += f", filename = {literal(found)}"
        start = len(str(folder_of(source.files))) + 2
        path = f"substr({identifier(found)}, {start})"
    elif "file_row_number" not in map(str.casefold, names):
        read += ", file_row_number = true"
        number = "file_row_number + 1"
    return (
        f"select {input_columns(names)}, null::varchar as {UNREADABLE}, "
        f"{number} as {SOURCE_ROW}, {path} as {SOURCE_FILE} from {read})"
    )


def _typed_sql(connection: duckdb.DuckDBPyConnection, read: str, sought: Sought) -> str:
    """Write the query in which numbers that are no text look like any others.

    Where a text beside them, in any column of numbers, could be a thousand or have
    three decimals (1.250), they stay marked: they tell nothing of how it is meant.
    """
    described = connection.execute(f"describe {read}").fetchall()
    names = [str(row[0]) for row in described]
    numbers = [identifier(names[place]) for place in sought.places_of_numbers(names)]
    undecided = [f"regexp_full_match({it}, {_UNDECIDED})" for it in numbers]
    query = f"select 1 from ({read}) where {' or '.join(undecided)} limit 1"
    if not numbers or connection.execute(query).fetchone():
        return read
    replaced = ", ".join(
        f"regexp_replace({it}, '^(-?[0-9]*[.][0-9]+){TYPED}$', '\\1') as {it}"
        for it in numbers
    )
    return f"select * replace ({replaced}) from ({read})"


def _sought(connection: duckdb.DuckDBPyConnection, source: TableSource) -> Sought:
    """List the (squeezed) names by which a header is known."""
    table = source.table

    def squeezed(names: Iterable[str]) -> frozenset[str]:
        return frozenset(filter(None, map(squeeze, names)))

    if source.columns is None:
        known = chain(*map(table.names_of, table.columns))
        numbers = chain(*map(table.names_of, table.numbers))
        return Sought(
            squeezed(known), squeezed(table.required), table.name, squeezed(numbers)
        )
    expressions = {**source.columns, "where": source.where or ""}
    referenced = {
        name: referenced_names(connection, expression) or ()
        for name, expression in expressions.items()
    }
    needed = chain(*(referenced.get(name, ()) for name in table.required))
    numbers = (
        (expressions.get(name, ""), *referenced.get(name, ())) for name in table.numbers
    )
    return Sought(
        squeezed([*expressions.values(), *chain(*referenced.values())]),
        squeezed(needed) - squeezed(WORDS),
        table.name,
        squeezed(chain(*numbers)),
    )


def _copy(
    work: duckdb.DuckDBPyConnection,
    source: TableSource,
    relation: str,
    full_load: bool,
) -> ServerCopy:
    """Check a server's table against its mapping, and copy the columns it needs.

    The expressions are tried on no rows: a column that isn't there is found before
    anything is loaded.
    """
    table = source.server_table
    try:
        with connect_server() as server:
            check_table(server, table)
            define_macros(server, source.decimal)
            there = server_relation(table)
            names = server.execute(f"describe select * from {there}").fetchall()
            kinds = columns_of(
                server,
                f"select {input_columns(str(row[0]) for row in names)}, "
                f"null::varchar as {UNREADABLE}, null::bigint as {SOURCE_ROW}, "
                f"null::varchar as {SOURCE_FILE} from {there} limit 0",
            )
            writer, _ = write_expressions(server, source, kinds)
            if source.where:
                writer.write_condition(f"{source.table.name}.where", source.where)
            needed = set(writer.used)
            for name in filter(None, (table.changed_at, *table.key)):
                if name not in kinds:
                    raise InputError(
                        f"In the mapping file '{source.origin}', {source.table.name} "
                        f"names the column '{name}' in 'changed_at' or 'key', but "
                        f"{source.label} has no such column. Its columns are: "
                        f"{listing(kinds)}."
                    )
                needed.add(name)
            copied = {name: kind for name, kind in kinds.items() if name in needed}
            return copy_table(work, server, table, copied, relation, full_load)
    except PostgresError as error:
        raise InputError(str(error)) from error
