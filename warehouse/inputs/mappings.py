"""Reads a mapping file's YAML as it is written, and checks what its settings may be.

YAML takes some words for other things than text: No is false, 012 is ten, `Order #`
ends before the sign. Here every value keeps its letters, and what YAML would make of
it, so that a column is never another one in silence.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from trajectories.warehouse.inputs.contract import InputError, TableContract, listing

TEMPLATE = "inputs/template.yml"
DECIMALS = ("auto", "point", "comma")
_READINGS = {
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:bool": "yes or no",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:value": "a sign of its own",
    "tag:yaml.org,2002:str": "",
}
# What is a constant number to everybody: 1, -2.5; not 012, 1_000 or 12:30.
_CONSTANT = re.compile(r"[-+]?(0|[1-9]\d*)(\.\d+)?")


class Written(str):
    """A value as a mapping file has it.

    `reading` says what YAML takes it for, where that is no text ('' where it is);
    `comment` is what YAML cuts off behind it, from its sign on.
    """

    reading: str = ""
    comment: str = ""


class _Loader(yaml.SafeLoader):
    """Keeps values as written; refuses a key that is there twice, a lone anchor."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        node = super().compose_node(parent, index)
        anchor = None if isinstance(event, yaml.AliasEvent) else event.anchor
        if anchor and node.value == "":
            raise yaml.constructor.ConstructorError(
                None, None, f"'&{anchor}' needs quotes", event.start_mark
            )
        return node


def _written(loader: _Loader, node: yaml.ScalarNode) -> Written:
    if node.style in ("|", ">") and not node.value:
        raise yaml.constructor.ConstructorError(
            None, None, f"'{node.style}' needs quotes", node.start_mark
        )
    value = Written(node.value)
    value.reading = _READINGS[node.tag]
    if node.style is None:
        mark = node.end_mark
        rest = re.split(r"[\r\n\0]", mark.buffer[mark.pointer :], maxsplit=1)[0]
        if rest.strip().startswith("#"):
            value.comment = rest.strip()
    return value


def _strict_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.value in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"'{key_node.value}' is there twice", key_node.start_mark
            )
        seen.add(key_node.value)
    return loader.construct_mapping(node, deep=True)


for _tag in _READINGS:
    _Loader.add_constructor(_tag, _written)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _strict_mapping)


def load_mapping(path: Path) -> dict[str, Any]:
    """Load a mapping file; its values are `Written`, or lists and dicts of them.

    Raises:
        InputError: when it can't be read, isn't YAML, or says nothing.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except FileNotFoundError:
        raise InputError(
            f"The mapping file '{path}' doesn't exist (looked in {Path.cwd()}). Copy "
            f"{TEMPLATE} and fill it in."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The mapping file '{path}' can't be read: {error}."
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(
            f"The mapping file '{path}' isn't valid YAML{line}: {problem}. Put an "
            "expression that holds quotes or a colon in quotes of the other kind: "
            "list_price: '\"Unit Price\" * Quantity'."
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"The mapping file '{path}' says nothing: it needs at least a table "
            f"'transactions' with a path. Copy {TEMPLATE}."
        )
    return content


def is_given(value: Any) -> bool:
    """Tell whether a setting says something: it isn't there, empty or null else."""
    return value is not None and getattr(value, "reading", "") != "nothing"


def text_setting(value: Any, name: str, path: Path, table: TableContract) -> str | None:
    """Return a setting as text; None when it isn't given.

    Raises:
        InputError: when it is a list, or settings of its own.
    """
    if not is_given(value):
        return None
    if isinstance(value, str):
        return str(value)
    raise InputError(
        f"In the mapping file '{path}', the setting '{name}' of {table.name} is "
        f"{_kind(value)}, but it must be one text, in quotes where it holds brackets "
        "or a colon."
    )


def header_names(
    value: Any, path: Path, table: TableContract
) -> tuple[str, ...] | None:
    """Return the column names given for a file without a header line."""
    if not is_given(value):
        return None
    if (
        isinstance(value, list)
        and value
        and all(isinstance(name, str) and is_given(name) for name in value)
    ):
        return tuple(str(name) for name in value)
    raise InputError(
        f"In the mapping file '{path}', {table.name} has 'header: {value}', but it "
        "must be the list of the file's column names, such as [order, customer, date]."
    )


def decimal(value: Any, path: Path, table: TableContract) -> str:
    """Return the decimal sign that is given: auto, point or comma, in any case."""
    given = str(value).strip().lower() if is_given(value) else "auto"
    if given in DECIMALS:
        return given
    raise InputError(
        f"In the mapping file '{path}', {table.name} has 'decimal: {value}', but it "
        "must be auto, point or comma."
    )


def one_row_per(value: Any, path: Path, table: TableContract) -> str | None:
    """Return the column that a table is to have one row per value of."""
    if not is_given(value):
        return None
    given = table.canonical(str(value).strip().lower())
    if given in table.columns:
        return given
    raise InputError(
        f"In the mapping file '{path}', {table.name} has 'one_row_per: {value}', but "
        f"it must be one of its columns: {listing(table.columns)}."
    )


def whole_days(value: Any, default: int) -> int | None:
    """Return a number of days; None where it is none."""
    if not is_given(value):
        return default
    return int(value) if re.fullmatch(r"\d{1,5}", str(value)) else None


def condition(value: Any, path: Path, table: TableContract) -> Written | None:
    """Return the condition that rows must fulfil."""
    if not is_given(value):
        return None
    if isinstance(value, str) and value.strip() and not value.reading:
        return value
    raise InputError(
        f"In the mapping file '{path}', the setting 'where' of {table.name} is "
        f"{_kind(value)}, but it must be a condition on your columns, such as "
        "where: Type = 'product'. Put it in quotes."
    )


def column_expressions(
    value: Any, path: Path, table: TableContract
) -> dict[str, str] | None:
    """Check a mapping's columns: known names, texts, and all the required ones.

    Raises:
        InputError: when a name isn't known or there twice, an expression is no text
            (YAML reads No as false), or a required column has none.
    """
    if not is_given(value):
        return None
    if not isinstance(value, dict):
        raise InputError(
            f"In the mapping file '{path}', the columns of {table.name} must be "
            "written one a line, as 'customer_id: the column or expression'."
        )
    expressions: dict[str, str] = {}
    for written, expression in value.items():
        name = table.canonical(str(written).strip().lower())
        if name not in table.columns:
            raise InputError(
                f"In the mapping file '{path}', {table.name} has the column "
                f"'{written}', which isn't one of its columns. They are: "
                f"{listing(table.columns)}. The name on the left is ours, the "
                "expression on the right is yours."
            )
        if name in expressions:
            raise InputError(
                f"In the mapping file '{path}', {table.name} has the column '{name}' "
                "twice. Keep one."
            )
        expressions[name] = _expression(name, expression, path, table)
    for name in table.required:
        if not expressions.get(name):
            comment = getattr(expressions.get(name), "comment", "")
            quotes = f" A name that begins with # needs quotes: '{comment}'."
            raise InputError(
                f"The mapping file '{path}' says nothing for {table.name}.{name}, "
                f"which is required. Add '{name}: <column or expression>' below its "
                f"columns.{quotes if comment else ''}"
            )
    return expressions


def _expression(name: str, value: Any, path: Path, table: TableContract) -> Written:
    """Return the expression for a column, when it is a text or may be a constant."""
    start = f"In the mapping file '{path}', {table.name}.{name} is"
    if not isinstance(value, Written):
        raise InputError(
            f"{start} {_kind(value)}, but it must be one column or expression. Put it "
            f"in quotes: {name}: '...'."
        )
    is_constant = (
        not value.reading
        or not value
        or (
            value.reading == "a number"
            and name in table.numbers
            and _CONSTANT.fullmatch(value)
        )
        or (name in table.flags and value.lower() in ("true", "false"))
    )
    if is_constant:
        return value
    constant = ""
    if value.reading == "yes or no" and name in table.flags:
        constant = ", or true or false where it is so for every row"
    raise InputError(
        f"{start} {value} without quotes, which YAML reads as {value.reading}, not as "
        f'the name of a column. Put it in quotes if it is one: {name}: "{value}"'
        f"{constant}."
    )


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return f"settings of its own ({listing(map(str, value))})"
    if isinstance(value, list):
        return f"a list ({listing(map(str, value))})"
    reading = getattr(value, "reading", "")
    return f"'{value}', which YAML reads as {reading}" if reading else f"'{value}'"
