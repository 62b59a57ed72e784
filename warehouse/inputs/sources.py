"""Finds where each input table lies: in a folder's files, or as a mapping file says."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from warehouse.inputs.contract import (
    TABLES,
    InputError,
    TableContract,
    listing,
    match_rank,
)
from warehouse.inputs.workbooks import WORKBOOK_SUFFIXES, open_workbook

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")
TEMPLATE = "inputs/template.yml"
PLACES = ("path", "relation", "postgres")
SERVER_SETTINGS = ("changed_at", "key", "look_back_days")
LOOK_BACK_DAYS = 3

TABLE_SETTINGS = (
    "path",
    "relation",
    "postgres",
    "changed_at",
    "key",
    "look_back_days",
    "sheet",
    "separator",
    "delimiter",
    "encoding",
    "header",
    "decimal",
    "one_row_per",
    "columns",
)


@dataclass(frozen=True)
class ServerTable:
    """A table (or view) of a PostgreSQL server, and what of it is loaded anew.

    With `changed_at`, a load takes only rows whose value of that column is at or after
    the newest loaded one less `look_back_days`, and puts them in the place of rows with
    the same `key`. Without it, every load takes every row.
    """

    schema: str
    name: str
    changed_at: str | None = None
    key: tuple[str, ...] = ()
    look_back_days: int = LOOK_BACK_DAYS

    def __str__(self) -> str:
        """Write it as schema.name."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class TableSource:
    """Where one table is read from, and how.

    `columns` maps canonical names to SQL expressions; None takes the columns by name.
    """

    table: TableContract
    origin: str
    files: tuple[Path, ...] = ()
    relation: str | None = None
    server_table: ServerTable | None = None
    sheet: str | None = None
    separator: str | None = None
    encoding: str | None = None
    header: tuple[str, ...] | None = None
    decimal: str = "auto"
    one_row_per: str | None = None
    columns: dict[str, str] | None = None

    @property
    def label(self) -> str:
        """What a sentence calls this source: a file, a sheet of one, a table."""
        if self.server_table:
            return f"table {self.server_table} of the PostgreSQL server"
        if self.relation:
            return f"relation {self.relation}"
        name = self.files[0].name
        if len(self.files) > 1:
            name = f"{name} and {len(self.files) - 1} more files"
        return f"sheet '{self.sheet}' of {name}" if self.sheet else name


def kind_of(path: Path) -> str | None:
    """Tell what a file is by its ending: text, parquet, workbook or None."""
    name = path.name.lower()
    if name.endswith(TEXT_SUFFIXES):
        return "text"
    if name.endswith(PARQUET_SUFFIXES):
        return "parquet"
    if name.endswith(WORKBOOK_SUFFIXES):
        return "workbook"
    return None


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.name.split(".")[0]


def find_source(location: str, table: TableContract) -> TableSource | None:
    """Find a table in an input: a folder, one file, or a mapping file (.yml).

    Returns None when an optional table isn't there.

    Raises
    ------
    InputError
        When the input or a required table isn't found, or a mapping can't be meant.
    """
    path = Path(location).expanduser()
    if path.suffix.lower() in (".yml", ".yaml"):
        return _from_mapping(path, table)
    if not path.exists():
        raise InputError(
            f"The input '{location}' doesn't exist (looked in {Path.cwd()}). Give a "
            "folder with CSV, Parquet or xlsx files, or a mapping file "
            "(inputs/<name>.yml)."
        )
    return _from_files(path, location, table)


def _from_files(path: Path, location: str, table: TableContract) -> TableSource | None:
    candidates = [path]
    if path.is_dir():
        candidates = sorted(
            entry
            for entry in path.iterdir()
            if not entry.name.startswith((".", "~"))
            and (kind_of(entry) or (entry.is_dir() and _parts(entry)))
        )
    ranked = _rank_files(candidates, table) or _rank_sheets(candidates, table)
    if not ranked and path.is_file() and kind_of(path) != "workbook":
        ranked = [] if table.is_optional else [(0, path, None)]
    if not ranked:
        if table.is_optional:
            return None
        raise InputError(
            f"No file in '{location}' is named like {table.name}. Found: "
            f"{listing(entry.name for entry in candidates)}. Name one "
            f"{table.name}.csv (or .parquet, .xlsx), or write a mapping file "
            f"(copy {TEMPLATE})."
        )
    best = min(rank for rank, _, _ in ranked)
    chosen = [(file, sheet) for rank, file, sheet in ranked if rank == best]
    if len(chosen) > 1:
        names = [sheet or file.name for file, sheet in chosen]
        raise InputError(
            f"More than one file in '{location}' is named like {table.name}: "
            f"{listing(names)}. Keep one, or name it in a mapping file (copy "
            f"{TEMPLATE}; a path such as orders_*.csv joins several)."
        )
    file, sheet = chosen[0]
    files = _parts(file) if file.is_dir() else (file,)
    return TableSource(table, origin=location, files=files, sheet=sheet)


def _parts(folder: Path) -> tuple[Path, ...]:
    """List the files of a table that is kept as a folder of parts."""
    files = sorted(entry for entry in folder.rglob("*") if kind_of(entry))
    return tuple(file for file in files if kind_of(file) != "workbook")


def _rank_files(
    candidates: list[Path], table: TableContract
) -> list[tuple[int, Path, str | None]]:
    return [
        (rank, entry, None)
        for entry in candidates
        if kind_of(entry) != "workbook"
        and (rank := match_rank(_stem(entry), table)) is not None
    ]


def _rank_sheets(
    candidates: list[Path], table: TableContract
) -> list[tuple[int, Path, str | None]]:
    ranked: list[tuple[int, Path, str | None]] = []
    for entry in candidates:
        if kind_of(entry) != "workbook":
            continue
        sheets = open_workbook(entry).sheet_names
        matching = [
            (rank, entry, sheet)
            for sheet in sheets
            if (rank := match_rank(sheet, table)) is not None
        ]
        file_rank = match_rank(_stem(entry), table)
        if not matching and file_rank is not None:
            matching = [(file_rank, entry, sheets[0])]
        ranked.extend(matching)
    return ranked


def input_name(location: str) -> str | None:
    """Return the name that a mapping file gives its input; None for any other input.

    Raises
    ------
    InputError
        When the mapping can't be read, or the name isn't a text.
    """
    path = Path(location).expanduser()
    if path.suffix.lower() not in (".yml", ".yaml"):
        return None
    name = _load_yaml(path).get("name")
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise InputError(
            f"In the mapping file '{path}', 'name' is '{name}', but it must be a text "
            "by which the input is known from build to build, such as 'name: my shop'."
        )
    return name.strip() if name else None


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is written twice, where YAML would silently keep the last."""


def _strict_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.value in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"'{key_node.value}' is there twice", key_node.start_mark
            )
        seen.add(key_node.value)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _strict_mapping
)


def _load_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_StrictLoader)
    except FileNotFoundError:
        raise InputError(
            f"The mapping file '{path}' doesn't exist (looked in {Path.cwd()}). Copy "
            f"{TEMPLATE} and fill it in."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The mapping file '{path}' can't be read: {error}."
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
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


def _expand(text: str, path: Path) -> str:
    """Fill in ${NAME} and ${NAME:-default} from the environment."""

    def value(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        found = os.environ.get(name) or default
        if found is None:
            raise InputError(
                f"The mapping file '{path}' uses ${{{name}}}, but no such environment "
                f"variable is set. Set it, or write ${{{name}:-a default}}."
            )
        return found

    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", value, text)


def _from_mapping(path: Path, table: TableContract) -> TableSource | None:
    content = _load_yaml(path)
    unknown = [key for key in content if key not in (*TABLES, "description", "name")]
    if unknown:
        raise InputError(
            f"The mapping file '{path}' names the table '{unknown[0]}', which isn't "
            f"an input. The tables are: {listing(TABLES)}."
        )
    settings = content.get(table.name)
    if settings is None:
        if table.is_optional:
            return None
        raise InputError(
            f"The mapping file '{path}' has no table '{table.name}', which is "
            f"required. Copy its part from {TEMPLATE}."
        )
    if not isinstance(settings, dict):
        raise InputError(
            f"In the mapping file '{path}', {table.name} is '{settings}', but it needs "
            "settings below it, such as 'path: orders.csv'."
        )
    unknown = [key for key in settings if key not in TABLE_SETTINGS]
    if unknown:
        raise InputError(
            f"In the mapping file '{path}', {table.name} has the setting "
            f"'{unknown[0]}', which isn't known. The settings are: "
            f"{listing(TABLE_SETTINGS)}. Column expressions belong below 'columns'."
        )
    source = TableSource(
        table,
        origin=str(path),
        sheet=_optional_text(settings.get("sheet")),
        separator=_optional_text(settings.get("separator", settings.get("delimiter"))),
        encoding=_optional_text(settings.get("encoding")),
        header=_header_names(settings.get("header"), path, table),
        decimal=_decimal(settings.get("decimal", "auto"), path, table),
        columns=_column_expressions(settings.get("columns"), path, table),
        one_row_per=_one_row_per(settings.get("one_row_per"), path, table),
    )
    return _located(source, settings, path)


def _located(source: TableSource, settings: dict[str, Any], path: Path) -> TableSource:
    """Give a mapped table its files, its relation or its table of a server."""
    table = source.table.name
    places = [name for name in PLACES if settings.get(name)]
    if len(places) != 1:
        found = {0: "neither", 2: "both"}.get(len(places), "all")
        raise InputError(
            f"In the mapping file '{path}', {table} needs a 'path' or a 'relation' "
            f"or a table of 'postgres' (one of them, not {found})."
        )
    expanded = _expand(str(settings[places[0]]), path)
    if settings.get("postgres"):
        return replace(source, server_table=_server_table(expanded, settings, source))
    for name in SERVER_SETTINGS:
        if settings.get(name) is not None:
            raise InputError(
                f"In the mapping file '{path}', {table} has '{name}', which only a "
                "table of 'postgres' may have: files and relations are read whole."
            )
    if settings.get("relation"):
        return replace(source, relation=expanded)
    files = _resolve(expanded, path.parent)
    if not files:
        raise InputError(
            f"In the mapping file '{path}', {table} is to be read from "
            f"'{expanded}', but there is no such file, neither beside the mapping "
            f"file ({path.parent.resolve()}) nor in {Path.cwd()}."
        )
    unknown = [file for file in files if kind_of(file) is None]
    if unknown:
        raise InputError(
            f"In the mapping file '{path}', {table} is to be read from "
            f"'{unknown[0].name}', which isn't CSV, TSV, TXT (plain or .gz), Parquet "
            "or a workbook (.xlsx, .xls, .ods). Export it as one of them."
        )
    if len({kind_of(file) for file in files}) > 1:
        raise InputError(
            f"In the mapping file '{path}', {table} matches files of different kinds: "
            f"{listing(file.name for file in files)}. Join files of one kind only."
        )
    if kind_of(files[0]) == "workbook" and source.sheet is None:
        source = replace(source, sheet=_only_sheet(files[0], source.table))
    return replace(source, files=files)


def _server_table(
    location: str, settings: dict[str, Any], source: TableSource
) -> ServerTable:
    """Check the settings of a table of a PostgreSQL server."""
    start = f"In the mapping file '{source.origin}', {source.table.name} has"
    schema, _, name = location.rpartition(".")
    changed_at, key = settings.get("changed_at"), settings.get("key") or []
    days = settings.get("look_back_days", LOOK_BACK_DAYS)
    if type(days) is not int or days < 0:
        raise InputError(
            f"{start} 'look_back_days: {days}', but it must be a number of days, such "
            "as 3."
        )
    if bool(changed_at) != bool(key):
        alone = "changed_at" if changed_at else "key"
        raise InputError(
            f"{start} '{alone}' alone, but 'changed_at' (the column that tells which "
            "rows are new) and 'key' (the column or the list of columns that tells "
            "rows apart) are needed together: a row that has changed takes the place "
            "of the one with its key."
        )
    return ServerTable(
        schema or "public",
        name,
        _optional_text(changed_at),
        tuple(str(column) for column in (key if isinstance(key, list) else [key])),
        days,
    )


def _only_sheet(file: Path, table: TableContract) -> str:
    """Choose the sheet named like the table, or the only one there is."""
    ranked = _rank_sheets([file], table)
    if ranked:
        return min(ranked, key=lambda entry: entry[0])[2] or ""
    sheets = open_workbook(file).sheet_names
    if len(sheets) == 1:
        return sheets[0]
    raise InputError(
        f"{file.name} has no sheet named like {table.name}. Its sheets are: "
        f"{listing(sheets)}. Say which one with 'sheet:'."
    )


def _resolve(location: str, folder: Path) -> tuple[Path, ...]:
    """Find files by path or pattern, beside the mapping file first."""
    for base in (folder, Path.cwd()):
        path = base / Path(location).expanduser()
        if path.is_dir():
            return _parts(path)
        if path.exists():
            return (path,)
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
        if found:
            return tuple(found)
    return ()


def _optional_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _header_names(
    value: Any, path: Path, table: TableContract
) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, list) and value and all(name is not None for name in value):
        return tuple(str(name) for name in value)
    raise InputError(
        f"In the mapping file '{path}', {table.name} has 'header: {value}', but it "
        "must be the list of the file's column names, such as [order, customer, date]."
    )


def _decimal(value: Any, path: Path, table: TableContract) -> str:
    if value in ("auto", "point", "comma"):
        return str(value)
    raise InputError(
        f"In the mapping file '{path}', {table.name} has 'decimal: {value}', but it "
        "must be auto, point or comma."
    )


def _one_row_per(value: Any, path: Path, table: TableContract) -> str | None:
    if value is None or value in table.columns:
        return value
    raise InputError(
        f"In the mapping file '{path}', {table.name} has 'one_row_per: {value}', but "
        f"it must be one of its columns: {listing(table.columns)}."
    )


def _expression_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _column_expressions(
    value: Any, path: Path, table: TableContract
) -> dict[str, str] | None:
    """Check a mapping's columns: known names, and none of the required ones missing."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InputError(
            f"In the mapping file '{path}', the columns of {table.name} must be "
            "written one a line, as 'customer_id: the column or expression'."
        )
    expressions = {
        str(name).strip().lower(): _expression_text(expression)
        for name, expression in value.items()
        if expression is not None
    }
    for name in expressions:
        if name not in table.columns:
            raise InputError(
                f"In the mapping file '{path}', {table.name} has the column '{name}', "
                f"which isn't one of its columns. They are: {listing(table.columns)}. "
                "The name on the left is ours, the expression on the right is yours."
            )
    for name in table.required:
        if not expressions.get(name):
            raise InputError(
                f"The mapping file '{path}' says nothing for {table.name}.{name}, "
                f"which is required. Add '{name}: <column or expression>' below its "
                "columns."
            )
    return expressions
