"""Reads one input table, wherever it lies, as a stream of text columns."""

from __future__ import annotations

import gzip
import hashlib
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.inputs.contract import (
    SOURCE_ROW,
    TABLES,
    UNREADABLE,
    InputError,
    TableContract,
    listing,
    squeeze,
)
from warehouse.inputs.expressions import (
    VIEW,
    ExpressionWriter,
    define_macros,
    literal,
    quoted,
    referenced_names,
    text_of,
)
from warehouse.inputs.json_files import read_json
from warehouse.inputs.openings import beginning, what_begins
from warehouse.inputs.rows import Chunk, Sought, TextTable
from warehouse.inputs.server_tables import (
    ServerCopy,
    check_table,
    copy_table,
    server_relation,
)
from warehouse.inputs.sources import (
    TEMPLATE,
    TableSource,
    find_source,
    kind_of,
    note_on_unread_files,
)
from warehouse.inputs.text_files import read_text
from warehouse.inputs.workbooks import open_sheets
from warehouse.postgres import PostgresError, connect_server

BATCH_ROWS = 50_000
# Where the tables of sources lie, and the copies of a server's tables beside them.
INPUT_SCHEMA = "raw_files"
COPY_ENDING = "__copied"
Connect = Callable[[], duckdb.DuckDBPyConnection]


@dataclass(frozen=True)
class _Plan:
    """A table that was looked through and found usable: the query that gives it."""

    sql: str
    view: str


class InputReader:
    """Reads the tables of inputs; what is costly is done once per file and table.

    Parameters
    ----------
    scratch
        A folder for rewritten text files; made when needed, the caller removes it.
    connect
        Gives a new cursor on the database that 'relation' settings speak of.
    """

    def __init__(
        self, scratch: Callable[[], Path], connect: Connect | None = None
    ) -> None:
        """Start with nothing read."""
        self._scratch = scratch
        self._connect = connect
        self._plans: dict[str, _Plan] = {}
        self._lock = threading.Lock()
        self.read_files: dict[str, tuple[Path, ...]] = {}
        # Sentences on what was taken where an input could not tell; each said once.
        self.notes: list[str] = []
        self._failures: dict[str, str] = {}
        self.copies: dict[str, ServerCopy] = {}

    def read(
        self, location: str, table_name: str, full_load: bool = False
    ) -> pa.RecordBatchReader | pa.Table:
        """Read one table of an input (a folder, a file, or a mapping file).

        A table of a server is first copied into the work database, once: what is new
        in it, or everything (`full_load`).

        Returns
        -------
        Its canonical columns as text, in the contract's order (null where there is
        none), then `_unreadable` (text: the raw line, where it couldn't be split; else
        null) and `_source_row` (bigint: 1 for the first row after the header). An
        optional table that isn't there is an empty table.

        Raises
        ------
        InputError
            When the input can't be used; the message says what was found and what
            to do.
        """
        table = TABLES[table_name]
        with self._lock:
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
                self.copies[name] = _copy(work, source, relation, full_load)
        return replace(source, relation=self.copies[name].relation)

    def _plan(self, source: TableSource) -> _Plan:
        key = _key_of(source)
        if source.relation or key not in self._plans:
            with self._open(source) as connection:
                rows_sql = self._rows_sql(connection, source, key)
                try:
                    self._plans[key] = _make_plan(connection, source, rows_sql)
                except duckdb.Error as error:
                    if not source.files or kind_of(source.files[0]) != "parquet":
                        raise
                    raise InputError(_damaged(source)) from error
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
        connection.execute("set TimeZone = 'UTC'")
        define_macros(connection, source.decimal)
        return connection

    def _stream(self, source: TableSource, plan: _Plan) -> pa.RecordBatchReader:
        connection = self._open(source)
        connection.execute(plan.view)
        batches = connection.execute(plan.sql).to_arrow_reader(BATCH_ROWS)

        def stream() -> Iterator[pa.RecordBatch]:
            yield from batches
            connection.close()

        return pa.RecordBatchReader.from_batches(batches.schema, stream())

    def _rows_sql(
        self, connection: duckdb.DuckDBPyConnection, source: TableSource, key: str
    ) -> str:
        """Write the query for a source's rows: own columns, `_unreadable`, row."""
        if source.relation:
            # A server's rows have no order of their own.
            is_ordered = source.server_table and source.one_row_per
            order = "order by all_of_it" if is_ordered else ""
            return (
                f"select *, null::varchar as {UNREADABLE}, row_number() over ({order}) "
                f"as {SOURCE_ROW} from {source.relation} as all_of_it"
            )
        if kind_of(source.files[0]) == "parquet":
            for file in source.files:
                _check_parquet(file)
            return _parquet_sql(source)
        rewritten = self._scratch() / f"{source.table.name}-{key}.parquet"
        if not rewritten.exists():
            sought = _sought(connection, source)
            self._note(_rewrite_as_parquet(source, sought, rewritten))
        return f"select * from read_parquet({literal(str(rewritten))})"


def _key_of(source: TableSource) -> str:
    """Name a source and the state of its files."""
    states = []
    for file in source.files:
        try:
            state = file.stat()
        except OSError as error:
            raise InputError(_unreadable_file(file, error)) from error
        if not state.st_size:
            raise InputError(
                f"{file.name} is empty (0 bytes), so {source.table.name} can't be read "
                "from it. Export it again, or remove it when the shop has no such "
                "table."
            )
        states.append((state.st_mtime_ns, state.st_size))
    return hashlib.sha256(repr((source, states)).encode()).hexdigest()[:16]


def _unreadable_file(file: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
    if isinstance(error, (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, EOFError)):
        reason = "it is damaged, breaks off, or isn't packed as its ending says"
    return (
        f"{file.name} can't be read: {reason.rstrip('.')}. Check that the file is "
        "whole, is what its ending says, and may be read by you."
    )


def _damaged(source: TableSource) -> str:
    return (
        f"{source.label} can't be read: it is damaged inside. Export it again, and "
        "copy it whole."
    )


def _check_parquet(file: Path) -> None:
    """See that a file has the frame of Parquet.

    Raises
    ------
    InputError
        When it hasn't.
    """
    start = beginning(file)
    with file.open("rb") as opened:
        opened.seek(max(file.stat().st_size - 4, 0))
        end = opened.read()
    if start.startswith(b"PAR1") and end == b"PAR1":
        return
    what = "it breaks off"
    if not start.startswith(b"PAR1"):
        what = f"it is {what_begins(start) or 'no Parquet file'}"
    raise InputError(
        f"{file.name} can't be read as Parquet: {what}. Export it again, or give it "
        "the ending of what it is."
    )


def _empty(table: TableContract) -> pa.Table:
    fields = [pa.field(name, pa.string()) for name in (*table.columns, UNREADABLE)]
    return pa.schema([*fields, pa.field(SOURCE_ROW, pa.int64())]).empty_table()


def _parquet_sql(source: TableSource) -> str:
    files = ", ".join(literal(str(file)) for file in source.files)
    options = "union_by_name = true, binary_as_string = true"
    if len(source.files) == 1:
        return (
            f"select * exclude (file_row_number), null::varchar as {UNREADABLE}, "
            f"file_row_number + 1 as {SOURCE_ROW} "
            f"from read_parquet([{files}], file_row_number = true, {options})"
        )
    return (
        f"select *, null::varchar as {UNREADABLE}, row_number() over () "
        f"as {SOURCE_ROW} from read_parquet([{files}], {options})"
    )


def _sought(connection: duckdb.DuckDBPyConnection, source: TableSource) -> Sought:
    """List the (squeezed) names by which a header is known."""
    table = source.table

    def squeezed(names: Iterable[str]) -> frozenset[str]:
        return frozenset(filter(None, map(squeeze, names)))

    if source.columns is None:
        return Sought(squeezed(table.columns), squeezed(table.required), table.name)
    referenced = {
        name: referenced_names(connection, expression) or ()
        for name, expression in source.columns.items()
    }
    return Sought(
        squeezed([*source.columns.values(), *chain(*referenced.values())]),
        squeezed(chain(*(referenced[name] for name in table.required)))
        - {squeeze(SOURCE_ROW)},
        table.name,
    )


def _open_tables(
    source: TableSource, file: Path, sought: Sought
) -> Iterator[tuple[str, TextTable]]:
    """Open the tables of a file, one after the other, with what each is called."""
    header = list(source.header) if source.header else None
    if kind_of(file) == "workbook":
        yield from open_sheets(file, source.sheets, sought, header)
    elif kind_of(file) == "json":
        yield file.name, read_json(file, sought, source.encoding)
    else:
        separator, encoding = source.separator, source.encoding
        yield file.name, read_text(file, sought, separator, encoding, header)


def _rewrite_as_parquet(source: TableSource, sought: Sought, target: Path) -> list[str]:
    """Rewrite text files or sheets as one Parquet file of text columns.

    Every later step then has one engine, can look at whole columns, and fails before
    a table is being built rather than amid it.

    Returns sentences on what was taken where the files can't tell.
    """
    partial = target.with_suffix(".part")
    writer: pq.ParquetWriter | None = None
    first, columns = "", []
    number = 0
    notes = []
    try:
        for file in source.files:
            try:
                for name, opened in _open_tables(source, file, sought):
                    if writer is None:
                        first, columns = name, opened.columns
                        schema = _text_schema(columns)
                        writer = pq.ParquetWriter(partial, schema, compression="lz4")
                    elif columns != opened.columns:
                        raise InputError(
                            f"{first} and {name} are both to be read as "
                            f"{source.table.name}, but have different columns: "
                            f"{listing(columns)}; and {listing(opened.columns)}. Give "
                            "them the same header."
                        )
                    before = number
                    for chunk in opened.chunks:
                        if chunk.rows:
                            _check_twins(opened, chunk, sought, name, number - before)
                            writer.write_batch(
                                _batch(chunk, columns, number),
                                row_group_size=BATCH_ROWS,
                            )
                            number += len(chunk.rows)
                    opened.count.check(name, number - before)
                    notes += opened.notes
            except (
                OSError,
                EOFError,
                UnicodeError,
                zlib.error,
                zipfile.BadZipFile,
            ) as error:
                raise InputError(_unreadable_file(file, error)) from error
    finally:
        if writer is not None:
            writer.close()
    partial.rename(target)
    return notes


def _check_twins(
    table: TextTable, chunk: Chunk, sought: Sought, name: str, before: int
) -> None:
    """See that columns of one name, where it is looked for, don't differ.

    Raises
    ------
    InputError
        When a later one has a value that the first hasn't.
    """
    for first, other in table.twins:
        names = table.columns[first], table.columns[other]
        squeezed = [squeeze(column) for column in names]
        if squeezed[0] not in sought.names or squeezed[1] in sought.names:
            continue
        for place, row in enumerate(chunk.rows, start=before + 1):
            if row[other].strip() not in ("", row[first].strip()):
                raise InputError(
                    f"{name} has more than one column for {names[0]}, and they differ: "
                    f"in row {place:,} '{row[first]}' and '{row[other]}'. Rename one, "
                    "or say which in a mapping file: they are called "
                    f"{names[0]}_1 and {names[1]} there (copy {TEMPLATE})."
                )


def _text_schema(columns: list[str]) -> pa.Schema:
    names = [*columns, UNREADABLE]
    fields = [pa.field(name, pa.string()) for name in names]
    return pa.schema([*fields, pa.field(SOURCE_ROW, pa.int64())])


def _batch(chunk: Chunk, columns: list[str], number: int) -> pa.RecordBatch:
    """Turn a chunk that follows `number` rows into a batch; blanks become null."""
    nothing = pa.scalar(None, pa.string())
    arrays = []
    for values in zip(*chunk.rows, strict=True):
        array = pa.array(values, pa.string())
        arrays.append(pc.if_else(pc.equal(array, ""), nothing, array))
    raw: list[str | None] = [None] * len(chunk.rows)
    for position, line in chunk.raw.items():
        raw[position] = line
    arrays.append(pa.array(raw, pa.string()))
    last = number + len(chunk.rows)
    arrays.append(pa.array(np.arange(number + 1, last + 1, dtype=np.int64)))
    return pa.RecordBatch.from_arrays(arrays, schema=_text_schema(columns))


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
            kinds = _columns_of(
                server,
                source,
                f"create or replace temp view {VIEW} as select *, null::varchar as "
                f"{UNREADABLE}, null::bigint as {SOURCE_ROW} "
                f"from {server_relation(table)} limit 0",
            )
            writer, _ = _write_expressions(server, source, kinds)
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


def _make_plan(
    connection: duckdb.DuckDBPyConnection, source: TableSource, rows_sql: str
) -> _Plan:
    """Look through a source, check its columns and expressions, write its query."""
    view = f"create or replace temp view {VIEW} as {rows_sql}"
    kinds = _columns_of(connection, source, view)
    counted = connection.execute(f"select count(*) from {VIEW}").fetchone()
    if not counted or not counted[0]:
        has = "no rows" if source.relation else "a header but no rows"
        raise InputError(
            f"{source.label} has {has}, so {source.table.name} can't be read from it. "
            f"Its columns are: {listing(kinds)}. Export it again, or "
            "remove it when the shop has no such table."
        )
    writer, selected = _write_expressions(connection, source, kinds)
    texts = {name: text_of(sql, kind) for name, (sql, kind) in selected.items()}
    made = "".join(f", {sql} as {quoted(name)}" for name, sql in writer.made.items())
    rows = f"select *{made} from {VIEW}"
    for name, (column, kind) in selected.items():
        is_text_id = name.endswith("_id") and kind == "VARCHAR"
        if is_text_id and _is_whole_float(connection, column, writer.made):
            texts[name] = f"regexp_replace(trim({column}), '\\.0+$', '')"
    columns = ", ".join(
        f"{texts.get(name, 'null::varchar')} as {name}" for name in source.table.columns
    )
    sql = f"select {columns}, {UNREADABLE}, {SOURCE_ROW} from ({rows})"
    if source.files and kind_of(source.files[0]) == "parquet":
        # Pages that are damaged are met here, not amid a table that is being made.
        counts = ", ".join(f"count({sql})" for sql in texts.values())
        connection.execute(f"select {counts} from ({rows})")
    if source.one_row_per:
        sql = _one_row_per(sql, source.one_row_per, list(source.table.columns))
    return _Plan(sql, view)


def _write_expressions(
    connection: duckdb.DuckDBPyConnection, source: TableSource, kinds: dict[str, str]
) -> tuple[ExpressionWriter, dict[str, tuple[str, str]]]:
    """Write a source's columns as SQL: the writer, and canonical name -> SQL, type."""
    writer = ExpressionWriter(
        connection,
        kinds,
        f"In the mapping file '{source.origin}'",
        source.label,
        source.decimal,
    )
    return writer, {
        canonical: writer.write(f"{source.table.name}.{canonical}", expression)
        for canonical, expression in _expressions(connection, source, kinds).items()
    }


def _columns_of(
    connection: duckdb.DuckDBPyConnection, source: TableSource, view: str
) -> dict[str, str]:
    """Make the view of a source's rows; return its columns with their types."""
    try:
        connection.execute(view)
        described = connection.execute(f"describe {VIEW}").fetchall()
    except duckdb.Error as error:
        if source.relation:
            raise InputError(
                f"The relation '{source.relation}', given for {source.table.name} in "
                f"'{source.origin}', can't be read: {str(error).splitlines()[0]} Write "
                "it as schema.table or database.schema.table, of a database that the "
                "profile attaches."
            ) from error
        raise InputError(_damaged(source)) from error
    return {
        str(row[0]): str(row[1])
        for row in described
        if row[0] not in (UNREADABLE, SOURCE_ROW)
    }


def _expressions(
    connection: duckdb.DuckDBPyConnection, source: TableSource, kinds: dict[str, str]
) -> dict[str, str]:
    """Return canonical name -> expression, in the contract's order.

    Raises
    ------
    InputError
        When columns are taken by name, and a required one is missing, or one is there
        twice with different values.
    """
    if source.columns is not None:
        return {
            name: source.columns[name]
            for name in source.table.columns
            if name in source.columns
        }
    found: dict[str, str] = {}
    for canonical in source.table.columns:
        alike = [name for name in kinds if squeeze(name) == squeeze(canonical)]
        if any(_differ(connection, source, alike[0], other) for other in alike[1:]):
            raise InputError(
                f"{source.label} has more than one column for {canonical}: "
                f"{listing(alike)}. Rename one, or say which in a mapping file (copy "
                f"{TEMPLATE})."
            )
        if alike:
            found[canonical] = quoted(alike[0])
    missing = [name for name in source.table.required if name not in found]
    if missing:
        raise InputError(
            f"{source.label} has no column {' and no column '.join(missing)}, required "
            f"in {source.table.name}. Its columns are: {listing(kinds)}. Rename the "
            "column in the file, or write a mapping file that says where it is found "
            f"(copy {TEMPLATE})."
        )
    return found


def _differ(
    connection: duckdb.DuckDBPyConnection, source: TableSource, first: str, other: str
) -> bool:
    """Tell whether a column has values that another hasn't."""
    if source.server_table is not None:
        return True
    texts = [f"trim(cast({quoted(name)} as varchar))" for name in (first, other)]
    query = (
        f"select 1 from {VIEW} where {texts[1]} != '' "
        f"and {texts[1]} is distinct from {texts[0]} limit 1"
    )
    return connection.execute(query).fetchone() is not None


def _is_whole_float(
    connection: duckdb.DuckDBPyConnection, column: str, made: dict[str, str]
) -> bool:
    """Tell whether a column of ids holds nothing but numbers that end in '.0'.

    Programs that keep a column with gaps as floating point numbers export 13085 as
    13085.0, which would match nothing in another file.
    """
    if not column.startswith('"') or column.strip('"') in made:
        return False
    query = f"select 1 from {VIEW} where trim({column}) != ''"
    other = f"and not regexp_full_match(trim({column}), '\\d+\\.0+') limit 1"
    if connection.execute(f"{query} {other}").fetchone():
        return False
    return connection.execute(f"{query} limit 1").fetchone() is not None


def _one_row_per(sql: str, key: str, columns: list[str]) -> str:
    """Write SQL for one row per key: the most frequent one, the first of equals."""
    names = ", ".join(columns)
    return f"""
        select {names}, {UNREADABLE}, {SOURCE_ROW}
        from (
            select
                *,
                row_number() over (
                    partition by {key} order by frequency desc, {SOURCE_ROW}
                ) as place
            from (
                select
                    {names},
                    {UNREADABLE},
                    min({SOURCE_ROW}) as {SOURCE_ROW},
                    count(*) as frequency
                from ({sql})
                where {key} is not null
                group by {names}, {UNREADABLE}
            )
        )
        where place = 1
        order by {SOURCE_ROW}
        """
