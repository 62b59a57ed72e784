"""Finds where each input table lies: in a folder's files, or as a mapping file says."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trajectories.warehouse.inputs.contract import (
    TABLES,
    InputError,
    TableContract,
    listing,
    match_rank,
)
from trajectories.warehouse.inputs.formats import format_of, formats_in_words, kind_of
from trajectories.warehouse.inputs.mappings import (
    TEMPLATE,
    column_expressions,
    condition,
    decimal,
    header_names,
    is_given,
    load_mapping,
    one_row_per,
    text_setting,
    whole_days,
)
from trajectories.warehouse.inputs.workbooks import sheets_of

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
    "where",
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
    `where` is the SQL condition of rows that aren't left out. `sheets` of a workbook
    are read one after the other; without any, those that have the columns are. `notes`
    say what was taken where the input can't tell.
    """

    table: TableContract
    origin: str
    files: tuple[Path, ...] = ()
    relation: str | None = None
    server_table: ServerTable | None = None
    sheets: tuple[str, ...] = ()
    separator: str | None = None
    encoding: str | None = None
    header: tuple[str, ...] | None = None
    decimal: str = "auto"
    where: str | None = None
    one_row_per: str | None = None
    columns: dict[str, str] | None = None
    notes: tuple[str, ...] = ()

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
        sheets = " and ".join(f"sheet '{sheet}'" for sheet in self.sheets)
        return f"{sheets} of {name}" if sheets else name


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.name.split(".")[0]


def find_source(location: str, table: TableContract) -> TableSource | None:
    """Find a table in an input: a folder, one file, or a mapping file (.yml).

    Returns None when an optional table isn't there.

    Raises:
        InputError: when the input or a required table isn't found, or a mapping can't
            be meant.
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
    candidates = _candidates(path)
    ranked = _rank_files(candidates, table) or _rank_workbooks(candidates, table)
    if not ranked and path.is_file() and not format_of(path).has_sheets:
        ranked = [] if table.is_optional else [_Candidate(0, path)]
    if not ranked:
        if table.is_optional:
            return None
        raise InputError(
            f"No file in '{location}' is named like {table.name}. Found: "
            f"{listing(entry.name for entry in candidates)}. Name one "
            f"{table.name}.csv (or .parquet, .xlsx), or write a mapping file "
            f"(copy {TEMPLATE})."
        )
    best = min(candidate.rank for candidate in ranked)
    chosen = [candidate for candidate in ranked if candidate.rank == best]
    if len(chosen) > 1:
        names = [candidate.file.name for candidate in chosen]
        raise InputError(
            f"More than one file in '{location}' is named like {table.name}: "
            f"{listing(names)}. Keep one, or name it in a mapping file (copy "
            f"{TEMPLATE}; a path such as orders_*.csv joins several)."
        )
    file, sheets, notes = chosen[0].file, chosen[0].sheets, chosen[0].notes
    files = _parts(file) if file.is_dir() else (file,)
    kinds = {kind_of(part) for part in files}
    if len(kinds) > 1:
        raise InputError(
            f"The folder '{file.name}' holds parts of different kinds: "
            f"{listing(part.name for part in files)}. Keep those of one kind."
        )
    return TableSource(table, origin=location, files=files, sheets=sheets, notes=notes)


@dataclass(frozen=True)
class _Candidate:
    """A file (with sheets of it) that may be a table: the lower its rank, the rather.

    Without sheets, a workbook's are chosen by their columns.
    """

    rank: int
    file: Path
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _candidates(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        entry
        for entry in path.iterdir()
        if not entry.name.startswith((".", "~"))
        and (kind_of(entry) or (entry.is_dir() and _parts(entry)))
    )


def _parts(folder: Path) -> tuple[Path, ...]:
    """List the files of a table that is kept as a folder of parts."""
    return tuple(
        entry
        for entry in sorted(folder.rglob("*"))
        if kind_of(entry) is not None
        and not format_of(entry).has_sheets
        and entry.is_file()
        and not any(
            part.startswith((".", "_", "~")) for part in entry.relative_to(folder).parts
        )
    )


def note_on_unread_files(location: str) -> list[str]:
    """Say which files of a folder no table is read from; in a list, empty if none."""
    path = Path(location).expanduser()
    if not path.is_dir():
        return []
    read: dict[Path, str] = {}
    for table in TABLES.values():
        try:
            source = _from_files(path, location, table)
        except InputError:
            return []
        for file in source.files if source else ():
            read[path / file.relative_to(path).parts[0]] = table.name
    unread = [
        entry.name
        for entry in sorted(path.iterdir())
        if not entry.name.startswith((".", "~"))
        and entry not in read
        and (entry in _candidates(path) or _is_named_like_a_table(entry))
    ]
    if not unread:
        return []
    taken = listing(f"{file.name} as {table}" for file, table in read.items())
    return [
        f"In '{location}', {listing(unread)} was not read: of each table one file is, "
        f"the one whose name fits best ({taken}). To read others, or several, write a "
        f"mapping file (copy {TEMPLATE}; a path such as orders_*.csv joins several)."
    ]


def _is_named_like_a_table(entry: Path) -> bool:
    return entry.is_file() and any(
        match_rank(_stem(entry), table) is not None for table in TABLES.values()
    )


def _rank_files(candidates: list[Path], table: TableContract) -> list[_Candidate]:
    return [
        _Candidate(rank, entry)
        for entry in candidates
        if not format_of(entry).has_sheets
        and (rank := match_rank(_stem(entry), table)) is not None
    ]


def _rank_workbooks(candidates: list[Path], table: TableContract) -> list[_Candidate]:
    return [
        candidate
        for entry in candidates
        if format_of(entry).has_sheets
        and (candidate := _rank_workbook(entry, table)) is not None
    ]


def _rank_workbook(file: Path, table: TableContract) -> _Candidate | None:
    """Rank a workbook by its visible sheets' names, its own, and its hidden sheets'."""
    ranks = {
        sheet: rank
        for sheet in sheets_of(file)
        if (rank := match_rank(sheet.name, table)) is not None
    }
    shown = {sheet: rank for sheet, rank in ranks.items() if sheet.is_visible}
    own_rank = match_rank(_stem(file), table)
    if not shown and own_rank is not None:
        return _Candidate(own_rank, file)
    if not ranks:
        return None
    best = min((shown or ranks).values())
    chosen = [sheet for sheet, rank in (shown or ranks).items() if rank == best]
    names = listing(f"'{sheet.name}'" for sheet in chosen)
    others = listing(
        f"'{sheet.name}'{'' if sheet.is_visible else ' (hidden)'}"
        for sheet in ranks
        if sheet not in chosen
    )
    notes = []
    advice = "To read others, write a mapping file and name one with 'sheet:'."
    if len(chosen) > 1:
        notes.append(
            f"{len(chosen)} sheets of {file.name} are named like {table.name}, and "
            f"were read one after the other: {names}. {advice}"
        )
    if len(chosen) < len(ranks):
        notes.append(
            f"Of {file.name}, {names} was read as {table.name}, and {others} not, "
            f"though named like it, too. {advice}"
        )
    if not shown:
        notes.append(
            f"In {file.name} only hidden sheets are named like {table.name}: {names} "
            f"was read. {advice}"
        )
    return _Candidate(best, file, tuple(sheet.name for sheet in chosen), tuple(notes))


def input_name(location: str) -> str | None:
    """Return the name that a mapping file gives its input; None for any other input.

    Raises:
        InputError: when the mapping can't be read, or the name isn't a text.
    """
    path = Path(location).expanduser()
    if path.suffix.lower() not in (".yml", ".yaml"):
        return None
    name = load_mapping(path).get("name")
    if not is_given(name):
        return None
    is_cut = re.match(r"#\S", getattr(name, "comment", ""))
    if not isinstance(name, str) or not name.strip() or is_cut:
        raise InputError(
            f"In the mapping file '{path}', 'name' is '{name}', but it must be a text "
            "by which the input is known from build to build, such as 'name: my shop' "
            "(in quotes, where a # is part of it)."
        )
    return name.strip()


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
    content = load_mapping(path)
    unknown = [key for key in content if key not in (*TABLES, "description", "name")]
    if unknown:
        raise InputError(
            f"The mapping file '{path}' names the table '{unknown[0]}', which isn't "
            f"an input. The tables are: {listing(TABLES)}."
        )
    settings = content.get(table.name)
    if not is_given(settings):
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

    def text(name: str) -> str | None:
        return text_setting(settings.get(name), name, path, table)

    source = TableSource(
        table,
        origin=str(path),
        sheets=_sheet_names(settings.get("sheet"), path, table),
        separator=text("separator") or text("delimiter"),
        encoding=text("encoding"),
        header=header_names(settings.get("header"), path, table),
        decimal=decimal(settings.get("decimal"), path, table),
        where=condition(settings.get("where"), path, table),
        columns=column_expressions(settings.get("columns"), path, table),
        one_row_per=one_row_per(settings.get("one_row_per"), path, table),
    )
    return _located(source, settings, path)


def _located(source: TableSource, settings: dict[str, Any], path: Path) -> TableSource:
    """Give a mapped table its files, its relation or its table of a server."""
    table = source.table.name
    places = [
        name
        for name in PLACES
        if text_setting(settings.get(name), name, path, source.table)
    ]
    if len(places) != 1:
        found = {0: "neither", 2: "both"}.get(len(places), "all")
        raise InputError(
            f"In the mapping file '{path}', {table} needs a 'path' or a 'relation' "
            f"or a table of 'postgres' (one of them, not {found})."
        )
    expanded = _expand(str(settings[places[0]]), path)
    if places[0] == "postgres":
        return replace(source, server_table=_server_table(expanded, settings, source))
    for name in SERVER_SETTINGS:
        if is_given(settings.get(name)):
            raise InputError(
                f"In the mapping file '{path}', {table} has '{name}', which only a "
                "table of 'postgres' may have: files and relations are read whole."
            )
    if places[0] == "relation":
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
            f"'{unknown[0].name}', which isn't {formats_in_words()}. Export it as one "
            "of them."
        )
    if len({kind_of(file) for file in files}) > 1:
        raise InputError(
            f"In the mapping file '{path}', {table} matches files of different kinds: "
            f"{listing(file.name for file in files)}. Join files of one kind only."
        )
    if format_of(files[0]).has_sheets and not source.sheets:
        found = _rank_workbook(files[0], source.table)
        if found is not None and len(files) == 1:
            source = replace(source, sheets=found.sheets, notes=found.notes)
    return replace(source, files=files)


def _server_table(
    location: str, settings: dict[str, Any], source: TableSource
) -> ServerTable:
    """Check the settings of a table of a PostgreSQL server."""
    start = f"In the mapping file '{source.origin}', {source.table.name} has"
    schema, _, name = location.rpartition(".")
    path, table = Path(source.origin), source.table
    changed_at = text_setting(settings.get("changed_at"), "changed_at", path, table)
    key = settings["key"] if is_given(settings.get("key")) else []
    days = whole_days(settings.get("look_back_days"), LOOK_BACK_DAYS)
    if days is None:
        raise InputError(
            f"{start} 'look_back_days: {settings['look_back_days']}', but it must be a "
            "number of days, such as 3."
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
        changed_at,
        tuple(str(column) for column in (key if isinstance(key, list) else [key])),
        days,
    )


def _sheet_names(value: Any, path: Path, table: TableContract) -> tuple[str, ...]:
    """Read the name of a sheet, or a list of names."""
    names = value if isinstance(value, list) else [value]
    texts = (text_setting(name, "sheet", path, table) for name in names)
    return tuple(filter(None, texts))


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
