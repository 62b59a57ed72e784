"""Looks through a source and writes the query that gives it as a table's columns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb
from trajectories.warehouse.inputs.contract import (
    LEFT_OUT,
    SOURCE_FILE,
    SOURCE_ROW,
    UNREADABLE,
    InputError,
    input_column,
    listing,
    squeeze,
)
from trajectories.warehouse.inputs.expressions import VIEW, ExpressionWriter, text_of
from trajectories.warehouse.inputs.formats import format_of
from trajectories.warehouse.inputs.mappings import TEMPLATE
from trajectories.warehouse.inputs.sources import TableSource
from trajectories.warehouse.quoting import identifier, literal

IS_KEPT = "_is_kept"
VIEW_ROW = "_view_row"
READER_COLUMNS = frozenset((UNREADABLE, SOURCE_ROW, SOURCE_FILE))
# Beyond this share of orders that two files have with other lines, one is wrong.
CONTRADICTING_SHARE = 0.01
NAMED_COLUMNS = 10


@dataclass(frozen=True)
class Plan:
    """A table that was looked through and found usable: the query that gives it.

    `notes` are sentences on what was taken where the input can't tell.
    """

    sql: str
    view: str
    notes: list[str] = field(default_factory=list)


def input_columns(names: Iterable[str]) -> str:
    """Write the columns of a source as a select list.

    One that is called like a column of the reader's own gets another name.
    """
    return ", ".join(
        identifier(name)
        if input_column(name) == name
        else f"{identifier(name)} as {identifier(input_column(name))}"
        for name in names
    )


def relation_sql(connection: duckdb.DuckDBPyConnection, source: TableSource) -> str:
    """Write the query for the rows of a relation: own columns, and the reader's.

    Raises:
        InputError: when it is anything but one table or view of the database.
    """
    relation = _one_relation(connection, source)
    names = _described(connection, f"select * from {relation}")
    # A server's rows have no order of their own.
    is_ordered = source.server_table and source.one_row_per
    order = "order by all_of_it" if is_ordered else ""
    return (
        f"select {input_columns(names)}, null::varchar as {UNREADABLE}, "
        f"row_number() over ({order}) as {SOURCE_ROW}, "
        f"{literal(source.label)} as {SOURCE_FILE} from {relation} as all_of_it"
    )


def _one_relation(connection: duckdb.DuckDBPyConnection, source: TableSource) -> str:
    """Return the relation of a source as one quoted name, after it has been found.

    Only what is parsed as the name of a table, and is one, comes into a query.
    """
    row = connection.execute(
        "select json_serialize_sql(?::varchar)", [f"select * from {source.relation}\n"]
    ).fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    statements = tree.get("statements") or [{}]
    node = statements[0].get("node") or {}
    table = node.get("from_table") or {}
    is_plain = (
        len(statements) == 1
        and table.get("type") == "BASE_TABLE"
        and not any(table.get(it) for it in ("alias", "sample", "at_clause"))
        and not any(
            node.get(it)
            for it in ("modifiers", "where_clause", "group_expressions", "having")
        )
        and ";" not in source.relation.replace(f'"{table.get("table_name")}"', "")
    )
    if not is_plain:
        raise InputError(
            f"The relation '{source.relation}', given for {source.table.name} in "
            f"'{source.origin}', isn't the name of one table or view. Write it as "
            "schema.table or database.schema.table, and what is to be computed below "
            "'columns' and 'where'; a file is named by 'path'."
        )
    catalog, schema, name = (
        table[it] for it in ("catalog_name", "schema_name", "table_name")
    )
    found = connection.execute(
        """
        select 1
        from (
            select database_name, schema_name, table_name from duckdb_tables()
            union all
            select database_name, schema_name, view_name from duckdb_views()
        )
        where lower(table_name) = lower(?)
            and (
                ? = '' or lower(schema_name) = lower(?)
                or (? = '' and lower(database_name) = lower(?))
            )
            and (? = '' or lower(database_name) = lower(?))
        limit 1
        """,
        [name, schema, schema, catalog, schema, catalog, catalog],
    ).fetchone()
    if not found:
        raise InputError(unreadable_relation(source, "there is no such table or view."))
    return identifier(*filter(None, (catalog, schema, name)))


def unreadable_relation(source: TableSource, reason: str) -> str:
    """Say that a relation can't be read."""
    return (
        f"The relation '{source.relation}', given for {source.table.name} in "
        f"'{source.origin}', can't be read: {reason} Write it as schema.table or "
        "database.schema.table, of a database that the profile attaches."
    )


def _described(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    described = connection.execute(f"describe {query}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def columns_of(connection: duckdb.DuckDBPyConnection, rows_sql: str) -> dict[str, str]:
    """Make the view of a source's rows; return its own columns with their types."""
    connection.execute(f"create or replace temp view {VIEW} as {rows_sql}")
    kinds = _described(connection, f"select * from {VIEW}")
    return {name: kind for name, kind in kinds.items() if name not in READER_COLUMNS}


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    source: TableSource,
    rows_sql: str,
    kinds: dict[str, str],
) -> Plan:
    """Check a source's columns and expressions, and write its query.

    Raises:
        InputError: when there are no rows (left), or the columns or expressions can't
            be used.
    """
    rows = _count(connection, f"select count(*) from {VIEW}")
    if not rows:
        has = "no rows" if source.relation else "a header but no rows"
        raise InputError(
            f"{source.label} has {has}, so {source.table.name} can't be read from it. "
            f"Its columns are: {listing(kinds)}. Export it again, or "
            "remove it when the shop has no such table."
        )
    writer, selected = write_expressions(connection, source, kinds, rows)
    is_kept = _condition(writer, source)
    base = _base_sql(connection, source, writer, selected, is_kept)
    names = list(source.table.columns)
    notes = [*_note_on_unused(source, kinds, writer), *writer.notes]
    if source.where:
        notes += _note_on_left_out(connection, source, base, rows)
    notes += _note_on_changed_orders(connection, source, base, writer)
    if source.one_row_per:
        sql = _one_row_per(base, source.one_row_per, names)
    else:
        sql = _marked(base, names, has_condition=bool(source.where))
    view = f"create or replace temp view {VIEW} as {rows_sql}"
    return Plan(sql, view, notes)


def write_expressions(
    connection: duckdb.DuckDBPyConnection,
    source: TableSource,
    kinds: dict[str, str],
    rows: int = 0,
) -> tuple[ExpressionWriter, dict[str, tuple[str, str]]]:
    """Write a source's columns as SQL: the writer, and canonical name -> SQL, type."""
    table = source.table
    writer = ExpressionWriter(
        connection,
        kinds,
        f"In the mapping file '{source.origin}'",
        source.label,
        source.decimal,
        rows,
    )
    for name, expression in (source.columns or {}).items():
        writer.check_comment(f"{table.name}.{name}", expression)
    expressions = _expressions(connection, source, kinds)
    writer.learn(
        {
            f"{table.name}.{name}": expression
            for name, expression in expressions.items()
            if name in table.numbers
        }
    )
    return writer, {
        name: (writer.write_number if name in table.numbers else writer.write)(
            f"{table.name}.{name}", expression
        )
        for name, expression in expressions.items()
    }


def _condition(writer: ExpressionWriter, source: TableSource) -> str:
    """Write what tells whether a row is kept. A line that can't be split always is."""
    if not source.where:
        return "true"
    condition = writer.write_condition(f"{source.table.name}.where", source.where)
    return f"({UNREADABLE} is not null or coalesce({condition}, false))"


def _base_sql(
    connection: duckdb.DuckDBPyConnection,
    source: TableSource,
    writer: ExpressionWriter,
    selected: dict[str, tuple[str, str]],
    is_kept: str,
) -> str:
    """Write the query for every row with the table's columns as text."""
    texts = {name: text_of(sql, kind) for name, (sql, kind) in selected.items()}
    for name, (column, kind) in selected.items():
        is_text_id = name.endswith("_id") and kind == "VARCHAR"
        if is_text_id and _is_whole_float(connection, column, writer):
            texts[name] = f"regexp_replace(trim({column}), '\\.0+$', '')"
    made = "".join(
        f", {sql} as {identifier(name)}" for name, sql in writer.made.items()
    )
    columns = ", ".join(
        f"{texts.get(name, 'null::varchar')} as {name}" for name in source.table.columns
    )
    return (
        f"select {columns}, {UNREADABLE}, {is_kept} as {IS_KEPT}, {SOURCE_ROW}, "
        f"{SOURCE_FILE}, {VIEW_ROW} "
        f"from (select *{made} from ({_numbered(source, writer)}))"
    )


def _numbered(source: TableSource, writer: ExpressionWriter) -> str:
    """Write the query for a source's rows, numbered as `source_row` says.

    Of several files, one that has a row of another one, too (all columns that are used
    are equal, and it is the nth such row in either), is a copy of it: exports that
    overlap. A copy has the number of the first one; equal rows of one file have their
    own.
    """
    plain = f"select *, {SOURCE_ROW} as {VIEW_ROW} from {VIEW}"
    if not _has_parts(source) or SOURCE_ROW not in writer.used:
        return plain
    used = [*sorted(writer.used - {SOURCE_ROW, SOURCE_FILE}), UNREADABLE]
    equal = ", ".join(map(identifier, used))
    return (
        f"select * replace (min({SOURCE_ROW}) over (partition by {equal}, _copy) "
        f"as {SOURCE_ROW}) from (select *, row_number() over (partition by "
        f"{SOURCE_FILE}, {equal} order by {SOURCE_ROW}) as _copy from ({plain}))"
    )


def _has_parts(source: TableSource) -> bool:
    """Tell whether a source may be several files or sheets."""
    return len(source.files) > 1 or any(
        format_of(file).has_sheets for file in source.files
    )


def _marked(base: str, names: list[str], has_condition: bool) -> str:
    """Write the query that gives every row, those left out as one text alone."""
    columns = ", ".join(names)
    left_out = "null::varchar"
    if has_condition:
        columns = ", ".join(
            f"case when {IS_KEPT} then {it} end as {it}" for it in names
        )
        row = ", ".join(f"{name} := {name}" for name in names)
        left_out = (
            f"case when not {IS_KEPT} then to_json(struct_pack({row}))::varchar end"
        )
    return (
        f"select {columns}, {UNREADABLE}, {left_out} as {LEFT_OUT}, {SOURCE_ROW} "
        f"from ({base})"
    )


def _expressions(
    connection: duckdb.DuckDBPyConnection, source: TableSource, kinds: dict[str, str]
) -> dict[str, str]:
    """Return canonical name -> expression, in the contract's order.

    Raises:
        InputError: when columns are taken by name, and a required one is missing, or
            one is there twice with different values.
    """
    table = source.table
    if source.columns is not None:
        given = source.columns
        return {name: given[name] for name in table.columns if given.get(name)}
    found: dict[str, str] = {}
    for canonical in table.columns:
        for wanted in table.names_of(canonical):
            alike = [name for name in kinds if squeeze(name) == squeeze(wanted)]
            if any(_differ(connection, source, alike[0], it) for it in alike[1:]):
                raise InputError(
                    f"{source.label} has more than one column for {canonical}: "
                    f"{listing(alike)}. Rename one, or say which in a mapping file "
                    f"(copy {TEMPLATE})."
                )
            if alike and canonical not in found:
                found[canonical] = identifier(alike[0])
    missing = [name for name in table.required if name not in found]
    if missing:
        raise InputError(
            f"{source.label} has no column {' and no column '.join(missing)}, required "
            f"in {table.name}. Its columns are: {listing(kinds)}. Rename the "
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
    texts = [f"trim(cast({identifier(name)} as varchar))" for name in (first, other)]
    query = (
        f"select 1 from {VIEW} where {texts[1]} != '' "
        f"and {texts[1]} is distinct from {texts[0]} limit 1"
    )
    return connection.execute(query).fetchone() is not None


def _note_on_unused(
    source: TableSource, kinds: dict[str, str], writer: ExpressionWriter
) -> list[str]:
    """Name the columns that nothing uses, where all are taken by name."""
    unused = [name for name in kinds if name not in writer.used]
    if source.columns is not None or not unused:
        return []
    noun, one = ("column", "it is") if len(unused) == 1 else ("columns", "one is")
    return [
        f"{source.table.name} doesn't use the {noun} {listing(unused, NAMED_COLUMNS)} "
        f"of {source.label}. If {one} meant, say as what in a mapping file (copy "
        f"{TEMPLATE})."
    ]


def _note_on_left_out(
    connection: duckdb.DuckDBPyConnection, source: TableSource, base: str, rows: int
) -> list[str]:
    """Count the rows that the mapping leaves out."""
    left_out = _count(connection, f"select count(*) from ({base}) where not {IS_KEPT}")
    says = f"\"{source.where}\", as 'where' of {source.table.name} says"
    if left_out == rows:
        raise InputError(
            f"Not one of the {rows:,} rows of {source.label} fulfils {says} in "
            f"'{source.origin}'. Correct the condition."
        )
    return [
        f"{left_out:,} of {rows:,} rows of {source.label} are left out: they don't "
        f"fulfil {says}."
    ]


def _note_on_changed_orders(
    connection: duckdb.DuckDBPyConnection,
    source: TableSource,
    base: str,
    writer: ExpressionWriter,
) -> list[str]:
    """Name the orders that several files have with other lines each.

    An order that ends one file and begins another one was cut by the export, and is
    whole in both together.

    Raises:
        InputError: when they are too many.
    """
    expressions = source.columns or {}
    if (
        not _has_parts(source)
        or SOURCE_ROW not in writer.used
        or SOURCE_FILE in writer.used
        or "line_id" not in expressions
    ):
        return []
    row = connection.execute(f"""
        with lines as (
            select transaction_id, {SOURCE_FILE} as file, {SOURCE_ROW} as line,
                {VIEW_ROW} as place
            from ({base})
            where {IS_KEPT} and transaction_id is not null
        ),
        in_files as (
            select transaction_id, file, count(*) as file_lines
            from lines group by all
        ),
        several as (
            select transaction_id, max(file_lines) as most, sum(file_lines) as together
            from in_files group by 1 having count(*) > 1
        ),
        edges as (
            select arg_min(transaction_id, place) as first_id,
                arg_max(transaction_id, place) as last_id
            from lines group by file
        ),
        counted as (
            select several.transaction_id, most, together,
                count(distinct line) as all_lines
            from several inner join lines using (transaction_id)
            group by all
        )
        select
            count(*),
            min(transaction_id),
            (select count(distinct transaction_id) from lines)
        from counted
        where all_lines > most and not (
            all_lines = together
            and transaction_id in (select first_id from edges)
            and transaction_id in (select last_id from edges)
        )
        """).fetchone()
    changed, example, orders = row or (0, None, 0)
    if not changed:
        return []
    sentence = (
        f"{changed:,} of {orders:,} orders of {source.label} (such as {example}) are "
        "in more than one file, with other lines each: where an export overlaps one "
        "that is older, an order that has changed would count twice. Keep each order "
        'in one file; if all its lines are to count, write line_id: "source_file || '
        "'-' || source_row\"."
    )
    if changed > orders * CONTRADICTING_SHARE:
        raise InputError(sentence)
    return [sentence]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _is_whole_float(
    connection: duckdb.DuckDBPyConnection, column: str, writer: ExpressionWriter
) -> bool:
    """Tell whether a column of ids holds nothing but numbers that end in '.0'.

    Programs that keep a column with gaps as floating point numbers export 13085 as
    13085.0, which would match nothing in another file.
    """
    if column not in {identifier(name) for name in writer.used}:
        return False
    query = f"select 1 from {VIEW} where trim({column}) != ''"
    other = f"and not regexp_full_match(trim({column}), '\\d+\\.0+') limit 1"
    if connection.execute(f"{query} {other}").fetchone():
        return False
    return connection.execute(f"{query} limit 1").fetchone() is not None


def _one_row_per(base: str, key: str, columns: list[str]) -> str:
    """Write SQL for one row per key: the most frequent one, the first of equals."""
    names = ", ".join(columns)
    return f"""
        select {names}, {UNREADABLE}, null::varchar as {LEFT_OUT}, {SOURCE_ROW}
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
                from ({base})
                where {key} is not null and {IS_KEPT}
                group by {names}, {UNREADABLE}
            )
        )
        where place = 1
        order by {SOURCE_ROW}
        """
