"""Turns column expressions of a mapping into SQL over a source's columns."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.inputs.contract import SOURCE_ROW, InputError, listing, squeeze

VIEW = "input_rows"
_POINT = r"[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?|[-+]?\.\d+"
_COMMA = r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d*)?|[-+]?,\d+"
# What a text has to look like at first sight to be worth reading as an amount.
_AMOUNT = r"'^[^A-Za-z]*[0-9][^A-Za-z]*$'"
_MAX_TRIALS = 64


def define_macros(connection: duckdb.DuckDBPyConnection, decimal: str = "auto") -> None:
    """Define number(x) on a connection, for it alone (temporary macros).

    number(x [, 'point' or 'comma']) reads an amount as people write it: currency signs
    and codes, blanks and thousands separators, decimal point or comma, (12.50) and
    12.50- for negatives. What is no number is null.
    """
    connection.execute(r"""
        create or replace temp macro bare_digits(x) as
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        x, '[\p{Sc}\s''’_\x{00a0}\x{2009}\x{202f}]', '', 'g'),
                    '^([-+(]?)[A-Za-z]{1,3}\.?([-+(]?[0-9.,])', '\1\2'),
                '([0-9)])[A-Za-z]{1,3}\.?$|,?-$', '\1'),
            '^\((.*)\)$', '-\1')
        """)
    connection.execute(r"""
        create or replace temp macro signed_digits(x) as
        case
            when regexp_matches(trim(x), '^[^-(]*[0-9][.,]?-\s*$')
                then '-' || bare_digits(x)
            else bare_digits(x)
        end
        """)
    connection.execute(r"""
        create or replace temp macro has_decimal_comma(x) as
        regexp_matches(x, '^[^,]*,\d*$')
            and not regexp_matches(x, '^[-+]?\d{1,3},\d{3}$')
            or regexp_matches(x, '^[-+]?\d{1,3}(\.\d{3}){2,}$')
        """)
    connection.execute(f"""
        create or replace temp macro number(x, decimal_separator := '{decimal}') as
        case
            when typeof(x) != 'VARCHAR' then try_cast(x as double)
            when decimal_separator = 'comma'
                or (
                    decimal_separator = 'auto'
                    and has_decimal_comma(signed_digits(x::varchar))
                )
                then try_cast(
                    replace(replace(signed_digits(x::varchar), '.', ''), ',', '.')
                    as double)
            else try_cast(replace(signed_digits(x::varchar), ',', '') as double)
        end
        """)


def quoted(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote an SQL text."""
    return "'" + text.replace("'", "''") + "'"


def text_of(expression: str, kind: str) -> str:
    """Write SQL that turns a value of a DuckDB type into text, losing nothing.

    Whole doubles have no '.0', small and large ones no exponent, not-a-number is null,
    times at midnight are dates, blank text is null. A moment (with time zone) is what
    clocks in the connection's zone show, with their distance from UTC.
    """
    kind = kind.upper()
    if kind in ("DOUBLE", "FLOAT"):
        text = f"cast({expression} as varchar)"
        whole = f"{expression} = trunc({expression})"
        return (
            f"case when isnan({expression}) then null "
            f"when {whole} and abs({expression}) < 1e15 "
            f"then cast(cast({expression} as bigint) as varchar) "
            f"when abs({expression}) between 1e-4 and 1e15 "
            f"or not isfinite({expression}) then {text} "
            f"else rtrim(rtrim(printf('%.20f', {expression}), '0'), '.') end"
        )
    if kind.startswith("TIMESTAMP") and "TIME ZONE" not in kind:
        moment = f"cast({expression} as timestamp)"
        return (
            f"case when {moment} = date_trunc('day', {moment}) "
            f"then cast(cast({moment} as date) as varchar) "
            f"else cast({moment} as varchar) end"
        )
    if kind == "BLOB":
        return f"nullif(decode({expression}), '')"
    return f"nullif(cast({expression} as varchar), '')"


@dataclass(frozen=True)
class Column:
    """A source column as expressions may use it: its ways of being typed, best first.

    Each way is a pair of a short mark and the SQL that makes it.
    """

    name: str
    kind: str
    ways: tuple[tuple[str, str], ...]


def describe_column(
    connection: duckdb.DuckDBPyConnection, name: str, kind: str, decimal: str
) -> Column:
    """Find out how a column may be used: text that holds only numbers is a number.

    The whole column is the evidence. Text with leading zeros stays text.
    """
    as_text = ("text", text_of(quoted(name), kind))
    if kind.upper() != "VARCHAR":
        return Column(name, kind, (("own", quoted(name)), as_text))
    letters = connection.execute(f"""
        select 1 from {VIEW}
        where trim({quoted(name)}) != ''
            and not regexp_matches({quoted(name)}, {_AMOUNT})
        limit 1
        """).fetchone()
    if letters:
        return Column(name, kind, (as_text,))
    digits = f"signed_digits({quoted(name)})"
    row = connection.execute(f"""
        select
            coalesce(bool_and(regexp_full_match(digits, '{_POINT}')), true),
            coalesce(bool_and(regexp_full_match(digits, '{_COMMA}')), true),
            coalesce(bool_and(regexp_full_match(digits, '[-+]?\\d{{1,17}}')), true),
            coalesce(bool_or(regexp_matches(digits, '^[-+]?0\\d')), false)
        from (
            select {digits} as digits
            from {VIEW} where trim({quoted(name)}) != ''
        )
        """).fetchone()
    points, commas, whole, has_leading_zero = row or (False,) * 4
    if has_leading_zero or not (points or commas):
        return Column(name, kind, (as_text,))
    if whole:
        return Column(
            name, kind, (("number", f"try_cast({digits} as bigint)"), as_text)
        )
    use_comma = commas and (decimal == "comma" or not points)
    style = "comma" if use_comma else "point"
    return Column(
        name, kind, (("number", f"number({quoted(name)}, '{style}')"), as_text)
    )


def referenced_names(
    connection: duckdb.DuckDBPyConnection, expression: str
) -> list[str] | None:
    """List the column names in an SQL expression; None when it isn't one."""
    tree = _parse(connection, expression)
    if tree is None:
        return None
    return list(dict.fromkeys(_names(tree)))


def _parse(connection: duckdb.DuckDBPyConnection, expression: str) -> Any:
    serialized = connection.execute(
        "select json_serialize_sql(?::varchar)", [f"select {expression}\n"]
    ).fetchone()
    tree = json.loads(serialized[0]) if serialized else {"error": True}
    if tree.get("error") or len(tree.get("statements", [])) != 1:
        return None
    node = tree["statements"][0]["node"]
    if node.get("type") != "SELECT_NODE" or len(node["select_list"]) != 1:
        return None
    if (node.get("from_table") or {}).get("type") not in (None, "EMPTY"):
        return None
    if node["select_list"][0].get("alias"):
        return None
    return tree


def _names(tree: Any) -> list[str]:
    if isinstance(tree, list):
        return [name for branch in tree for name in _names(branch)]
    if not isinstance(tree, dict):
        return []
    if tree.get("class") == "COLUMN_REF":
        return [tree["column_names"][-1]]
    return [name for branch in tree.values() for name in _names(branch)]


def _rename(tree: Any, names: dict[str, str]) -> Any:
    if isinstance(tree, list):
        return [_rename(branch, names) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("class") == "COLUMN_REF":
        new = names.get(tree["column_names"][-1].casefold())
        return {**tree, "column_names": [new]} if new else tree
    return {key: _rename(branch, names) for key, branch in tree.items()}


def _rewrite(
    connection: duckdb.DuckDBPyConnection, tree: Any, names: dict[str, str]
) -> str:
    renamed = json.dumps(_rename(tree, names))
    text = connection.execute(
        "select json_deserialize_sql(?::json)", [renamed]
    ).fetchone()
    return str(text[0]).removeprefix("SELECT ") if text else ""


def bare_column(expression: str, columns: list[str]) -> str | None:
    """Return the source column that an expression is nothing but the name of.

    Names match in any case and style, with or without quotes: Customer ID,
    "Customer ID" and customer_id all mean the column 'Customer ID'.
    """
    plain = expression.strip().removeprefix('"').removesuffix('"').strip()
    for name in columns:
        if name.casefold() == plain.casefold():
            return name
    if re.fullmatch(r"[\w ]+", plain):
        alike = [name for name in columns if squeeze(name) == squeeze(plain)]
        if len(alike) == 1:
            return alike[0]
    if plain.casefold() == "source_row":
        return SOURCE_ROW
    return None


class ExpressionWriter:
    """Writes expressions as SQL over the view `input_rows`, and tries each on it.

    `sentence_start` says whose expressions these are; `label` names the source.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        kinds: dict[str, str],
        sentence_start: str,
        label: str,
        decimal: str = "auto",
    ) -> None:
        """Start with no expression written."""
        self._connection = connection
        self._kinds = kinds
        self._start = sentence_start
        self._label = label
        self._decimal = decimal
        self._described: dict[str, Column] = {}
        self.made: dict[str, str] = {}
        self.used: set[str] = set()

    def write(self, canonical: str, expression: str) -> tuple[str, str]:
        """Return SQL for an expression and the DuckDB type that it gives.

        The SQL uses the columns in `made`, which the caller must select beside the
        source's own (name -> SQL). `used` holds the source's columns that all
        expressions so far have used.

        Raises
        ------
        InputError
            When it is no SQL expression, names a column that isn't there, or can't
            be computed on the rows.
        """
        bare = bare_column(expression, list(self._kinds))
        if bare:
            self.used.add(bare)
            kind = self._kinds.get(bare, "BIGINT")
            return quoted(bare), kind
        tree = _parse(self._connection, expression)
        if tree is None:
            raise InputError(
                f'{self._start}, {canonical} is "{expression}", which is neither a '
                f"column of {self._label} nor one SQL expression. Its columns are: "
                f"{listing(self._kinds)}. Put names that have blanks in double quotes "
                "and texts in single quotes."
            )
        used = {
            name.casefold(): column
            for name in _names(tree)
            if (column := bare_column(name, list(self._kinds))) is not None
        }
        self.used.update(used.values())
        return self._first_that_works(canonical, expression, tree, used)

    def _first_that_works(
        self, canonical: str, expression: str, tree: Any, used: dict[str, str]
    ) -> tuple[str, str]:
        """Try columns as numbers first, then as text where that can't be computed."""
        columns = {name: self._describe(column) for name, column in used.items()}
        names = list(columns)
        trials = sorted(
            itertools.product(*(range(len(columns[name].ways)) for name in names)),
            key=sum,
        )
        first_error: duckdb.Error | None = None
        for trial in itertools.islice(trials, _MAX_TRIALS):
            renamed = {
                name: self._make(columns[name], way)
                for name, way in zip(names, trial, strict=True)
            }
            sql = f"({_rewrite(self._connection, tree, renamed)})"
            try:
                return sql, self._compute(sql, set(renamed.values()))
            except duckdb.Error as error:
                first_error = first_error or error
        raise InputError(self._why(canonical, expression, tree, columns, first_error))

    def _describe(self, column: str) -> Column:
        if column == SOURCE_ROW:
            return Column(column, "BIGINT", (("own", quoted(column)),))
        if column not in self._described:
            self._described[column] = describe_column(
                self._connection, column, self._kinds[column], self._decimal
            )
        return self._described[column]

    def _make(self, column: Column, way: int) -> str:
        mark, sql = column.ways[way]
        name = f"{column.name} (as {mark})"
        self.made[name] = sql
        return name

    def _compute(self, sql: str, made: set[str]) -> str:
        """Compute an expression on every row; return its type."""
        selected = "".join(
            f", {self.made[name]} as {quoted(name)}" for name in sorted(made)
        )
        inner = f"select {quoted(SOURCE_ROW)}{selected} from {VIEW}"
        outer = f"select {quoted(SOURCE_ROW)}, {sql} as value from ({inner})"
        described = self._connection.execute(f"describe {outer}").fetchall()
        # A hash can't be answered from statistics: every row is computed.
        self._connection.execute(
            f"select bit_xor(hash(value)) from ({outer})"
        ).fetchone()
        return str(described[1][1])

    def _why(
        self,
        canonical: str,
        expression: str,
        tree: Any,
        columns: dict[str, Column],
        error: duckdb.Error | None,
    ) -> str:
        message = str(error).strip().splitlines()[0].rstrip(".") if error else ""
        start = f'{self._start}, {canonical} is "{expression}"'
        missing = [name for name in _names(tree) if name.casefold() not in columns]
        if missing and "inder Error" in message:
            return (
                f"{start}, but {self._label} has no column '{missing[0]}'. Its columns "
                f"are: {listing(self._kinds)}. A text is written in single quotes: "
                f"\"'{missing[0]}'\"."
            )
        texts = [
            found
            for column in columns.values()
            if (found := self._first_text(column)) is not None
        ]
        advice = f" {' '.join(texts)}" if texts else ""
        first = next(iter(columns.values())).name if columns else "column"
        return (
            f"{start}, which can't be computed on {self._label}: {message}.{advice} "
            f"Write number({first if first.isidentifier() else quoted(first)}) to read "
            "text with currency signs or thousands separators as a number (null where "
            "it is none), and try_cast(...) where a value may not fit."
        )

    def _first_text(self, column: Column) -> str | None:
        """Say which value keeps a text column from being taken as numbers."""
        if column.ways[0][0] != "text":
            return None
        name = quoted(column.name)
        row = self._connection.execute(f"""
            select {quoted(SOURCE_ROW)}, {name} from {VIEW}
            where trim({name}) != ''
                and not regexp_full_match(signed_digits({name}), '{_POINT}')
            order by {quoted(SOURCE_ROW)} limit 1
            """).fetchone()
        if row is None:
            return None
        return f"Column {column.name} holds text: '{row[1]}' in row {row[0]}."
