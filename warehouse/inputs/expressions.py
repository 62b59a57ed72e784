"""Turns column expressions of a mapping into SQL over a source's columns.

A mapping is code, and bounded: an expression is computed from the values of its row
(and of others, in a window), by functions that always give the same; it reads no
table, no file and no setting, and has a limit of time and of size.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.inputs.contract import (
    SOURCE_FILE,
    SOURCE_ROW,
    InputError,
    in_any_style,
    listing,
    squeeze,
)
from trajectories.warehouse.inputs.rows import TYPED
from trajectories.warehouse.quoting import identifier, literal

VIEW = "input_rows"
_NUMBER_SQL = Path(__file__).with_name("number.sql").read_text(encoding="utf-8")
# Words of a mapping for what isn't a column of the file.
WORDS = {"source_row": SOURCE_ROW, "source_file": SOURCE_FILE}
_KINDS_OF_WORDS = {SOURCE_ROW: "BIGINT", SOURCE_FILE: "VARCHAR"}
_MAX_TRIALS = 64
# An expression may take so long: a start, and a second for so many rows.
LIMIT_SECONDS = 10
ROWS_PER_SECOND = 50_000
MOST_BYTES = 1_000_000
# Tried on so many rows first; stopped when that makes so many times the limit.
FEW_ROWS = 1_000
FORESEEN_TIMES = 3
# The functions whose arguments, those at these places, say how much they make.
_MAKERS = {
    "array_resize": slice(1, 2),
    "generate_series": slice(0, None),
    "list_resize": slice(1, 2),
    "lpad": slice(1, 2),
    "range": slice(0, None),
    "repeat": slice(1, 2),
    "rpad": slice(1, 2),
}
_MOST_MADE = 10_000
# What a query may have and an expression not.
_CLAUSES = (
    "modifiers",
    "where_clause",
    "group_expressions",
    "having",
    "sample",
    "qualify",
)
# Functions that tell the moment; of those that read settings or change anything none.
_CLOCKS = frozenset(["current_date", "get_current_timestamp", "now", "today"])
_SETTINGS = ("current_setting", "getenv", "getvariable")
_OWN_MACROS = ("number",)

# What number_form(x) says, see number.sql: x is a number, and which sign is decimal.
_PLAIN, _POINT, _COMMA = "plain", "point", "comma"
_UNDECIDED_POINT, _UNDECIDED_COMMA = "undecided_point", "undecided_comma"
_NUMBER_FORMS = (_PLAIN, _POINT, _COMMA, _UNDECIDED_POINT, _UNDECIDED_COMMA)
# What a text has to look like at first sight to be worth reading as an amount.
_AMOUNT = rf"'^[^A-Za-z]*[0-9][^A-Za-z]*({TYPED})?$'"


def define_macros(connection: duckdb.DuckDBPyConnection, decimal: str = "auto") -> None:
    """Define number(x) on a connection, for it alone (temporary macros).

    number(x [, 'point' or 'comma']) reads an amount as people write it, just as the
    models do (number.sql is made from their macro): currency signs and words, blanks
    and thousands separators, decimal point or comma, (12.50) and 12.50- for negatives.
    What is no number is null. The sign that is given, `decimal` where none is, decides
    only what could be either: 1.250 and 1,250.
    """
    mark = "comma" if decimal == "comma" else "point"
    connection.execute(_NUMBER_SQL)
    connection.execute(f"""
        create or replace temp macro number(x, decimal_separator := '{mark}') as
        case
            when typeof(x) != 'VARCHAR' then try_cast(x as double)
            when regexp_full_match(x::varchar, '-?[0-9]+([.][0-9]{{1,2}})?')
                then try_cast(x as double)
            else parse_number(x::varchar, decimal_separator)
        end
        """)
    connection.execute("""
        create or replace temp macro currency_beside(words) as
        list_filter(
            [words, regexp_replace(words, '^[cd]r|[cd]r$', '')],
            lambda it: currency_of(it) is not null)[1]
        """)
    connection.execute(f"""
        create or replace temp macro amount_text(x, mark) as
        case
            when regexp_full_match(x, '-?[0-9]+([.][0-9]{{1,2}})?') then x
            else coalesce(
                list_transform(
                    [number(x, mark)], lambda n: {text_of("n", "DOUBLE")})[1]
                || coalesce(' ' || currency_beside(words_of(plain_signs(x))), ''),
                x)
        end
        """)


def text_of(expression: str, kind: str) -> str:
    """Write SQL that turns a value of a DuckDB type into text, losing nothing.

    Whole doubles have no '.0', small and large ones no exponent, not-a-number is null,
    times at midnight are dates, blank text is null. A number never has exactly three
    decimals: nobody could tell 12.345 from twelve thousand; it is 12.3450. A moment
    (with time zone) is what clocks in the connection's zone show, with their distance
    from UTC.
    """
    kind = kind.upper()
    if kind in ("DOUBLE", "FLOAT"):
        text = f"cast({expression} as varchar)"
        whole = f"{expression} = trunc({expression})"
        return _never_three_decimals(
            f"case when isnan({expression}) then null "
            f"when {whole} and abs({expression}) < 1e15 "
            f"then cast(cast({expression} as bigint) as varchar) "
            f"when abs({expression}) between 1e-4 and 1e15 "
            f"or not isfinite({expression}) then {text} "
            f"else rtrim(rtrim(printf('%.20f', {expression}), '0'), '.') end"
        )
    if kind.startswith("DECIMAL") and kind.endswith(",3)"):
        return f"cast({expression} as varchar) || '0'"
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


def _never_three_decimals(text: str) -> str:
    return f"regexp_replace({text}, '(\\.[0-9]{{3}})$', '\\1' || '0')"


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt what a connection computes when it takes longer."""
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@dataclass(frozen=True)
class Column:
    """A source column as expressions may use it: its ways of being typed, best first.

    Each way is a pair of a short mark and the SQL that makes it.
    """

    name: str
    kind: str
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Facts:
    """What the values of a text column look like as amounts: counts of distinct ones.

    `undecided_point` is one such as 1.250, `undecided_comma` one such as 1,250, that
    could have a decimal sign or a thousands separator.
    """

    amounts: int = 0
    others: int = 1
    points: int = 0
    commas: int = 0
    undecided_point: str | None = None
    undecided_comma: str | None = None
    are_whole: bool = False
    has_leading_zero: bool = False
    without_currency: str | None = None
    currencies: tuple[str, ...] = ()

    @property
    def undecided(self) -> str | None:
        """A value that could be either."""
        return self.undecided_point or self.undecided_comma


def _mark_of(facts: Iterable[_Facts]) -> str | None:
    """Return the decimal sign of columns, as the models take it; None: can't be told.

    Three digits behind the only signs that there are stand behind thousands.
    """
    facts = list(facts)
    points, commas = any(it.points for it in facts), any(it.commas for it in facts)
    if points or commas:
        return None if points and commas else "point" if points else "comma"
    behind_point = any(it.undecided_point for it in facts)
    if behind_point and any(it.undecided_comma for it in facts):
        return None
    return "comma" if behind_point else "point"


@dataclass(frozen=True)
class _Parsed:
    """An expression's tree, its columns resolved; names that are no columns beside."""

    tree: Any
    columns: tuple[str, ...]
    missing: tuple[str, ...]


def referenced_names(
    connection: duckdb.DuckDBPyConnection, expression: str
) -> list[str] | None:
    """List the column names in an SQL expression; None when it isn't one."""
    tree = _parse(connection, expression)
    if tree is None:
        return None
    names = (node["column_names"][-1] for node in _nodes(tree, "COLUMN_REF"))
    return list(dict.fromkeys(names))


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
    if any(node.get(clause) for clause in _CLAUSES):
        return None
    if node["select_list"][0].get("alias"):
        return None
    return tree


def _nodes(tree: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Give every node of a class in a tree."""
    if isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch, kind)
    elif isinstance(tree, dict):
        if tree.get("class") == kind:
            yield tree
        for branch in tree.values():
            yield from _nodes(branch, kind)


def _changed(tree: Any, change: Any) -> Any:
    """Return a tree with every node that `change` gives another one for replaced."""
    if isinstance(tree, list):
        return [_changed(branch, change) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    return change(tree) or {key: _changed(it, change) for key, it in tree.items()}


def _rewrite(
    connection: duckdb.DuckDBPyConnection, tree: Any, names: dict[str, str]
) -> str:
    """Write a tree as SQL, its columns renamed."""

    def renamed(node: dict[str, Any]) -> dict[str, Any] | None:
        if node.get("class") != "COLUMN_REF":
            return None
        name = node["column_names"][0]
        return {**node, "column_names": [names.get(name, name)]}

    text = connection.execute(
        "select json_deserialize_sql(?::json)", [json.dumps(_changed(tree, renamed))]
    ).fetchone()
    return str(text[0]).removeprefix("SELECT ") if text else ""


def find_columns(written: str, columns: Iterable[str]) -> list[str]:
    """Find the columns that a name means: the one called so, else those in its style.

    Names match in any case, with or without quotes, and words may be joined in any
    way: Customer ID, "Customer ID" and customer_id all mean the column 'Customer ID'.
    Another sign is another name: Order isn't the column 'Order #'.
    """
    plain = written.strip().removeprefix('"').removesuffix('"').strip()
    plain = plain.replace('""', '"')
    columns = list(columns)
    same = [name for name in columns if name.casefold() == plain.casefold()]
    if same or not re.fullmatch(r"[\w ]+", plain):
        return same[:1]
    style = in_any_style(plain)
    return [name for name in columns if style and in_any_style(name) == style]


class ExpressionWriter:
    """Writes expressions as SQL over the view `input_rows`, and tries each on it.

    `sentence_start` says whose expressions these are; `label` names the source;
    `decimal` is the sign that the mapping gives; `rows` (how many there are) bounds
    the time that an expression may take.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        kinds: dict[str, str],
        sentence_start: str,
        label: str,
        decimal: str = "auto",
        rows: int = 0,
    ) -> None:
        """Start with no expression written."""
        self._connection = connection
        self._kinds = kinds
        self._start = sentence_start
        self._label = label
        self._given_mark = None if decimal == "auto" else decimal
        self._convention: str | None = None
        self._rows = rows
        self._seconds = LIMIT_SECONDS + rows / ROWS_PER_SECOND
        self._described: dict[str, Column] = {}
        self._known_facts: dict[str, _Facts] = {}
        self.made: dict[str, str] = {}
        self.used: set[str] = set()
        # Sentences on what was taken where nothing decides.
        self.notes: dict[str, None] = {}

    def learn(self, numbers: dict[str, str]) -> None:
        """Find out how the columns that numbers are made from write decimals.

        `numbers` are the expressions of the contract's number columns. Where one of
        them is computed here, or is a number already, the text columns among them are
        read here, too: a number as it is delivered is no evidence for how a file
        writes.

        Raises:
            InputError: when values to compute with could be either, and nothing tells,
                or are in several currencies.
        """
        plain = {
            name: self._plain_number(name, expression)
            for name, expression in numbers.items()
        }
        bare = {it[0] for it in plain.values() if it and it[1] is None}
        computed = {
            column
            for name, expression in numbers.items()
            if plain[name] is None
            for column in self._parsed(name, expression).columns
        }
        texts = {it for it in bare | computed if self._kind(it) == "VARCHAR"}
        facts = {
            column: found
            for column in sorted(texts - {SOURCE_FILE})
            if (found := self._facts(column)).amounts >= found.others
        }
        self._check_currencies({it: facts[it] for it in facts if it in computed})
        is_read_here = any(it is None or it[1] for it in plain.values()) or texts < bare
        if self._given_mark or not is_read_here:
            return
        self._convention = _mark_of(facts.values())
        for column, fact in facts.items():
            if fact.undecided and self._convention is None and column in computed:
                raise InputError(
                    f"{self._start}, numbers are computed from the column {column} of "
                    f"{self._label}, which has '{fact.undecided}', and nothing tells "
                    "whether its sign stands before decimals or between thousands, as "
                    "both are there. Say 'decimal: comma' or 'decimal: point'."
                )
        undecided = {it: fact for it, fact in facts.items() if fact.undecided}
        if undecided and not any(it.points or it.commas for it in facts.values()):
            self._note_undecided(*next(iter(undecided.items())))

    def _check_currencies(self, facts: dict[str, _Facts]) -> None:
        """See that numbers aren't computed from amounts of several currencies.

        Amounts that name none are taken for the one that others of the column name.
        """
        found = sorted({it for fact in facts.values() for it in fact.currencies})
        for column, fact in facts.items():
            if len(found) == 1 and fact.currencies and fact.without_currency:
                self.notes[
                    f"{self._start}, numbers are computed from {column} of "
                    f"{self._label}, where amounts such as '{fact.without_currency}' "
                    f"have no currency and others have {found[0]}: all were taken for "
                    f"{found[0]}. If they are in another one, convert them in the "
                    "expression (case when ... then ... end)."
                ] = None
        if len(found) < 2:
            return
        what = (
            f"{self._start}, numbers are computed from {listing(facts)} of "
            f"{self._label}, where amounts are in {listing(found)}"
        )
        if sum(len(it) == 3 and it.isalpha() for it in found) > 1:
            raise InputError(
                f"{what}. Amounts of several currencies can't be added up: leave all "
                "but one out with 'where', or compute one currency in the file."
            )
        self.notes[f"{what}: taken as one currency."] = None

    def write(self, canonical: str, expression: str) -> tuple[str, str]:
        """Return SQL for an expression and the DuckDB type that it gives.

        The SQL uses the columns in `made`, which the caller must select beside the
        source's own (name -> SQL). `used` holds the source's columns that all
        expressions so far have used.

        Raises:
            InputError: when it is no SQL expression, names a column that isn't there or
                could be two, does what an expression may not, or can't be computed on
                the rows.
        """
        self.check_comment(canonical, expression)
        bare = self._bare(canonical, expression)
        if bare:
            self.used.add(bare)
            return identifier(bare), self._kind(bare)
        parsed = self._parsed(canonical, expression)
        self._check_functions(canonical, expression, parsed.tree)
        self.used.update(parsed.columns)
        return self._first_that_works(canonical, expression, parsed)

    def write_number(self, canonical: str, expression: str) -> tuple[str, str]:
        """Return SQL for a column that is a number, and its type, as `write` does.

        A text column with its sign given, or read here for other columns' sake, is a
        plain number; else it stays as it is: the whole input decides, later.
        """
        self.check_comment(canonical, expression)
        plain = self._plain_number(canonical, expression)
        if plain is None:
            return self.write(canonical, expression)
        column, mark = plain
        self.used.add(column)
        kind = self._kind(column)
        mark = mark or self._given_mark or self._convention
        if kind != "VARCHAR" or mark is None:
            return identifier(column), kind
        return f"amount_text({identifier(column)}, {literal(mark)})", kind

    def write_condition(self, canonical: str, expression: str) -> str:
        """Return SQL that is true or not, as `write` does.

        Raises:
            InputError: when it is something else.
        """
        sql, kind = self.write(canonical, expression)
        if kind == "BOOLEAN":
            return sql
        raise InputError(
            f'{self._start}, {canonical} is "{expression}", which is no condition '
            f"(true or false) but {kind.lower()}. Write one such as Type = 'product'."
        )

    # -- Names --------------------------------------------------------------------

    def _kind(self, column: str) -> str:
        return self._kinds.get(column) or _KINDS_OF_WORDS[column]

    def check_comment(self, canonical: str, expression: str) -> None:
        """See that YAML didn't cut the name of a column off at its sign #.

        `transaction_id: Order #` says Order to YAML, which may be a column, too.
        """
        comment = " ".join(getattr(expression, "comment", "").split()).casefold()
        if not comment:
            return
        start = " ".join([*expression.split(), "#"]).casefold()
        whole = " ".join([*expression.split(), comment]).casefold()
        for name in self._kinds:
            column = " ".join(name.split()).casefold()
            is_meant = whole == column or (
                expression.strip()
                and column.startswith(start)
                and (whole.startswith(column) or column.startswith(whole))
            )
            if is_meant:
                field = canonical.rpartition(".")[2]
                said = expression.strip() or "empty"
                other = f', or {field}: "{said}"' if expression.strip() else ""
                raise InputError(
                    f"{self._start}, {canonical} is {said} without quotes, for YAML "
                    f"ends a value before #, but {self._label} has a column '{name}'. "
                    f'Put in quotes which one is meant: {field}: "{name}"{other}.'
                )

    def _column(self, canonical: str, expression: str, name: str) -> str | None:
        """Return the column that a name in an expression means; None when none is."""
        is_quoted = name.startswith('"')
        word = None if is_quoted else WORDS.get(name.strip().casefold())
        found = find_columns(name, self._kinds)
        if word:
            if found:
                self.notes[
                    f"{self._start}, {name.strip()} is the reader's own word, and not "
                    f"the column '{found[0]}' of {self._label}. For the column, write "
                    f"it in double quotes within single ones: '\"{found[0]}\"'."
                ] = None
            return word
        if len(found) > 1:
            raise InputError(
                f'{self._start}, {canonical} is "{expression}", which could be more '
                f"than one column of {self._label}: {listing(found)}. Write the one "
                "that is meant just as it is there, in double quotes within single "
                f"ones: '\"{found[0]}\"'."
            )
        return found[0] if found else None

    def _bare(self, canonical: str, expression: str) -> str | None:
        """Return the column that an expression is nothing but the name of."""
        column = self._column(canonical, expression, expression.strip())
        reading = getattr(expression, "reading", "")
        if column and reading:
            field = canonical.rpartition(".")[2]
            raise InputError(
                f"{self._start}, {canonical} is {expression} without quotes, which "
                f"YAML reads as {reading}, but {self._label} has a column '{column}'. "
                f"For the column, write {field}: '\"{column}\"'."
            )
        return column

    def _parsed(self, canonical: str, expression: str) -> _Parsed:
        tree = _parse(self._connection, expression)
        if tree is None:
            raise InputError(
                f'{self._start}, {canonical} is "{expression}", which is neither a '
                f"column of {self._label} nor one SQL expression. Its columns are: "
                f"{listing(self._kinds)}.{self._near(expression)} Put names that have "
                "blanks or signs in double quotes within single ones, and texts in "
                "single quotes."
            )
        statement = f"select {expression}".encode()
        columns: dict[str, None] = {}
        missing: dict[str, None] = {}

        def resolved(node: dict[str, Any]) -> dict[str, Any] | None:
            if node.get("class") != "COLUMN_REF":
                return None
            name = node["column_names"][-1]
            place = node.get("query_location", 0)
            if statement[place : place + 1] == b'"':
                name = identifier(name)
            column = self._column(canonical, expression, name)
            if column is None:
                missing[node["column_names"][-1]] = None
                return node
            columns[column] = None
            return {**node, "column_names": [column]}

        tree = _changed(tree, resolved)
        return _Parsed(tree, tuple(columns), tuple(missing))

    def _plain_number(
        self, canonical: str, expression: str
    ) -> tuple[str, str | None] | None:
        """Return the column and the sign when a number is just read: x, number(x).

        None when it is computed.
        """
        bare = self._bare(canonical, expression)
        if bare:
            return bare, None
        parsed = self._parsed(canonical, expression)
        node = parsed.tree["statements"][0]["node"]["select_list"][0]
        if node.get("class") != "FUNCTION" or node["function_name"] != "number":
            return None
        first, *others = node["children"] or [{}]
        if first.get("class") != "COLUMN_REF" or not parsed.columns:
            return None
        return parsed.columns[0], self._mark_of(canonical, expression, others)

    def _mark_of(
        self, canonical: str, expression: str, arguments: list[Any]
    ) -> str | None:
        """Return the decimal sign that number(x, sign) is given."""
        if not arguments:
            return None
        given = str((arguments[0].get("value") or {}).get("value")).strip().lower()
        if len(arguments) == 1 and given in ("point", "comma", "auto"):
            return None if given == "auto" else given
        raise InputError(
            f'{self._start}, {canonical} is "{expression}", but number(x, sign) takes '
            "the column and auto, 'point' or 'comma', in single quotes."
        )

    # -- What an expression may do ------------------------------------------------

    def _check_functions(self, canonical: str, expression: str, tree: Any) -> None:
        """See that an expression reads nothing but its columns, and bounds its size."""
        start = f'{self._start}, {canonical} is "{expression}", which'
        if any(True for _ in _nodes(tree, "SUBQUERY")):
            raise InputError(
                f"{start} has a query of its own, but a mapping's expression is "
                "computed from the columns of its rows alone. For a value of other "
                "rows, use a window: max(x) over (partition by y)."
            )
        if any(True for _ in _nodes(tree, "STAR")):
            raise InputError(
                f"{start} names all columns at once. Name the one that is meant."
            )
        nodes = [*_nodes(tree, "FUNCTION"), *_nodes(tree, "WINDOW")]
        for node in nodes:
            name = str(node["function_name"]).lower()
            what = self._what_is(name)
            if what == "impure":
                raise InputError(
                    f"{start} uses {name}(), but a mapping's expression may use only "
                    "functions that give the same each time and read or change "
                    "nothing beside the row."
                )
            if what == "aggregate" and node["class"] == "FUNCTION":
                raise InputError(
                    f"{start} can't be computed on {self._label}: {name}() makes one "
                    "value of many rows, and each row needs one. Write which rows: "
                    f"{name}(...) over (partition by ...)."
                )
        made = math.prod(self._made_by(start, node) for node in nodes)
        if made > _MOST_MADE:
            raise InputError(
                f"{start} makes {made:,} of something for each row. More than "
                f"{_MOST_MADE:,} is too much."
            )

    def _made_by(self, start: str, node: dict[str, Any]) -> int:
        """Return how many of something a function makes for each row."""
        name = str(node["function_name"]).lower()
        if name not in _MAKERS:
            return 1
        counts = node["children"][_MAKERS[name]]
        values = [(count.get("value") or {}).get("value") for count in counts]
        if not all(isinstance(value, (int, float)) for value in values):
            raise InputError(
                f"{start} uses {name}() with a number that isn't written out. Write "
                "the number."
            )
        return max([1, *(abs(int(value)) for value in values)])

    def _what_is(self, name: str) -> str:
        """Tell a function's kind: pure, impure, or an aggregate over many rows.

        An unknown one is pure: it fails when it is computed.
        """
        if name in _OWN_MACROS or name in _CLOCKS:
            return "pure"
        row = self._connection.execute(
            """
            select
                coalesce(bool_or(
                    stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')
                    or (function_type = 'macro' and not internal)
                ), false) or coalesce(bool_and(
                    function_type in ('table', 'table_macro', 'pragma')
                ), false),
                coalesce(bool_and(function_type = 'aggregate'), false)
            from duckdb_functions() where lower(function_name) = ?
            """,
            [name],
        ).fetchone()
        is_impure, is_aggregate = row or (False, False)
        if is_impure or name in _SETTINGS:
            return "impure"
        return "aggregate" if is_aggregate else "pure"

    # -- Types --------------------------------------------------------------------

    def _first_that_works(
        self, canonical: str, expression: str, parsed: _Parsed
    ) -> tuple[str, str]:
        """Try columns as numbers first, then as text where that can't be computed."""
        columns = {name: self._describe(name) for name in parsed.columns}
        tree = _changed(
            parsed.tree, lambda node: self._marked(canonical, expression, node)
        )
        names = list(columns)
        trials = sorted(
            itertools.product(*(range(len(columns[name].ways)) for name in names)),
            key=sum,
        )
        first_error: Exception | None = None
        for trial in itertools.islice(trials, _MAX_TRIALS):
            renamed = {
                name: self._make(columns[name], way)
                for name, way in zip(names, trial, strict=True)
            }
            sql = f"({_rewrite(self._connection, tree, renamed)})"
            try:
                return sql, self._compute(canonical, expression, sql, renamed)
            except (duckdb.Error, MemoryError) as error:
                first_error = first_error or error
        raise InputError(
            self._why(canonical, expression, parsed.missing, columns, first_error)
        )

    def _marked(
        self, canonical: str, expression: str, node: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Give number(x) the sign that was found out for the source."""
        if node.get("class") != "FUNCTION" or node["function_name"] != "number":
            return None
        first, *others = node["children"] or [{}]
        mark = self._mark_of(canonical, expression, others)
        constant = {
            "class": "CONSTANT",
            "type": "VALUE_CONSTANT",
            "alias": "",
            "query_location": 0,
            "value": {
                "type": {"id": "VARCHAR", "type_info": None},
                "is_null": False,
                "value": mark or self._mark_for(first),
            },
        }
        inner = _changed(first, lambda it: self._marked(canonical, expression, it))
        return {**node, "children": [inner, constant]}

    def _mark_for(self, argument: dict[str, Any]) -> str:
        """Return the sign that number(x) takes where none is given."""
        mark = self._given_mark or self._convention
        names = [node["column_names"][-1] for node in _nodes(argument, "COLUMN_REF")]
        texts = [it for it in names if self._kinds.get(it) == "VARCHAR"]
        if mark is None and texts:
            facts = [self._facts(it) for it in texts]
            mark = _mark_of(facts)
        return mark or "point"

    def _facts(self, column: str) -> _Facts:
        """Look at the values of a text column as amounts, each distinct one once."""
        if column not in self._known_facts:
            name = identifier(column)
            forms = ", ".join(map(literal, _NUMBER_FORMS))
            row = self._connection.execute(f"""
                select
                    count(*) filter (form in ({forms})),
                    count(*) filter (form not in ({forms})),
                    count(*) filter (form = '{_POINT}'),
                    count(*) filter (form = '{_COMMA}'),
                    min(value) filter (form = '{_UNDECIDED_POINT}'),
                    min(value) filter (form = '{_UNDECIDED_COMMA}'),
                    coalesce(bool_and(regexp_full_match(
                        value, '\\s*-?[0-9]{{1,17}}\\s*')), true),
                    coalesce(bool_or(regexp_matches(
                        value, '^\\s*[-+]?0[0-9]')), false),
                    min(value) filter (form in ({forms}) and currency is null
                        and regexp_matches(value, '[1-9]')),
                    list(distinct currency) filter (currency is not null)
                from (
                    select
                        value,
                        number_form(value) as form,
                        currency_of(currency_beside(words_of(plain_signs(value))))
                            as currency
                    from (select distinct {name} as value from {VIEW})
                    where trim(value) != ''
                )
                """).fetchone()
            values = list(row or ())
            currencies = tuple(values.pop() or ()) if values else ()
            self._known_facts[column] = _Facts(*values, currencies=currencies)
        return self._known_facts[column]

    def _describe(self, column: str) -> Column:
        """Find out how a column may be used: text that holds only numbers is a number.

        The whole column is the evidence. Text with leading zeros stays text.
        """
        if column not in self._described:
            self._described[column] = Column(
                column, self._kind(column), self._ways(column)
            )
        return self._described[column]

    def _ways(self, column: str) -> tuple[tuple[str, str], ...]:
        name, kind = identifier(column), self._kind(column)
        as_text = ("text", text_of(name, kind))
        if column == SOURCE_ROW:
            return (("own", name),)
        if kind.upper() != "VARCHAR" or column == SOURCE_FILE:
            return (("own", name), as_text)
        letters = self._connection.execute(f"""
            select 1 from {VIEW}
            where trim({name}) != '' and not regexp_matches({name}, {_AMOUNT}) limit 1
            """).fetchone()
        if letters:
            return (as_text,)
        facts = self._facts(column)
        if facts.others or facts.has_leading_zero:
            return (as_text,)
        if facts.are_whole:
            return (("number", f"try_cast(trim({name}) as bigint)"), as_text)
        mark = self._given_mark or self._convention or _mark_of([facts])
        if facts.undecided and not (facts.points or facts.commas or self._convention):
            self._note_undecided(column, facts)
        return (("number", f"number({name}, {literal(mark or 'point')})"), as_text)

    def _note_undecided(self, column: str, facts: _Facts) -> None:
        """Say how values that could be either are read, where no other decides."""
        if self._given_mark:
            return
        mark = self._convention or _mark_of([facts])
        value = facts.undecided or ""
        sign = "point" if "." in value else "comma"
        role = "is a decimal sign" if mark == sign else "stands between thousands"
        other = "comma" if mark == "point" else "point"
        self.notes[
            f"{self._start}, the {sign} of '{value}' in {column} of {self._label} was "
            f"taken as one that {role}. If it isn't, say 'decimal: {other}'."
        ] = None

    def _make(self, column: Column, way: int) -> str:
        mark, sql = column.ways[way]
        name = f"{column.name} (as {mark})"
        self.made[name] = sql
        return name

    # -- Computing ----------------------------------------------------------------

    def _compute(
        self, canonical: str, expression: str, sql: str, renamed: dict[str, str]
    ) -> str:
        """Compute an expression on every row; return its type."""
        made = sorted(set(renamed.values()))
        selected = "".join(
            f", {self.made[name]} as {identifier(name)}" for name in made
        )
        inner = f"select {identifier(SOURCE_ROW)}{selected} from {VIEW}"
        outer = f"select {identifier(SOURCE_ROW)}, {sql} as value from ({inner})"
        described = self._connection.execute(f"describe {outer}").fetchall()
        start = f'{self._start}, {canonical} is "{expression}", which'
        try:
            with limited(self._connection, self._seconds):
                self._try_on_few(start, sql, inner)
                # A hash can't be answered from statistics: every row is computed.
                self._connection.execute(
                    f"select bit_xor(hash(value)) from ({outer})"
                ).fetchone()
        except duckdb.InterruptException:
            raise InputError(self._too_long(start)) from None
        return str(described[1][1])

    def _try_on_few(self, start: str, sql: str, inner: str) -> None:
        """Compute an expression on the first rows: on all it may take hours.

        What runs is only stopped between many rows, so what it takes is foreseen.
        """
        began = time.monotonic()
        row = self._connection.execute(
            f"select max(strlen(value::varchar)) from "
            f"(select {sql} as value from ({inner} limit 1))"
        ).fetchone()
        if row and (row[0] or 0) > MOST_BYTES:
            raise InputError(
                f"{start} makes a value of {row[0]:,} bytes in the first row. More "
                f"than {MOST_BYTES:,} is no value of a column."
            )
        if self._rows <= FEW_ROWS:
            return
        self._connection.execute(
            "select bit_xor(hash(value)) from "
            f"(select {sql} as value from ({inner} limit {FEW_ROWS}))"
        ).fetchone()
        foreseen = (time.monotonic() - began) * self._rows / FEW_ROWS
        if foreseen > FORESEEN_TIMES * self._seconds:
            raise InputError(self._too_long(start))

    def _too_long(self, start: str) -> str:
        return (
            f"{start} takes longer than {self._seconds:,.0f} seconds on {self._label} "
            "and was stopped. Write it simpler, or add a column to the file."
        )

    def _why(
        self,
        canonical: str,
        expression: str,
        missing: tuple[str, ...],
        columns: dict[str, Column],
        error: Exception | None,
    ) -> str:
        message = str(error).strip().splitlines()[0].rstrip(".") if error else ""
        start = f'{self._start}, {canonical} is "{expression}"'
        if missing and "inder Error" in message:
            return (
                f"{start}, but {self._label} has no column '{missing[0]}'. Its columns "
                f"are: {listing(self._kinds)}.{self._near(missing[0])} A text is "
                f"written in single quotes: \"'{missing[0]}'\"."
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
            f"Write number({first if first.isidentifier() else identifier(first)}) to "
            "read text with currency signs or thousands separators as a number (null "
            "where it is none), and try_cast(...) where a value may not fit."
        )

    def _near(self, name: str) -> str:
        """Name the column that has the same letters."""
        alike = [it for it in self._kinds if squeeze(it) == squeeze(name)]
        return f" For '{alike[0]}', write '\"{alike[0]}\"'." if alike else ""

    def _first_text(self, column: Column) -> str | None:
        """Say which value keeps a text column from being taken as numbers."""
        if column.ways[0][0] != "text":
            return None
        name = identifier(column.name)
        row = self._connection.execute(f"""
            select {identifier(SOURCE_ROW)}, {name} from {VIEW}
            where trim({name}) != '' and number({name}) is null
            order by {identifier(SOURCE_ROW)} limit 1
            """).fetchone()
        if row is None:
            return None
        return f"Column {column.name} holds text: '{row[1]}' in row {row[0]}."
