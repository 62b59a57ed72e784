"""The formats of files that tables are read from; a further one is an entry here.

Its reader gives tables of text, in chunks, and counts what it takes: see `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trajectories.warehouse.inputs.json_files import read_json
from trajectories.warehouse.inputs.rows import Sought, TextTable
from trajectories.warehouse.inputs.text_files import read_text
from trajectories.warehouse.inputs.workbooks import open_sheets

if TYPE_CHECKING:
    from trajectories.warehouse.inputs.sources import TableSource

Tables = Iterator[tuple[str, TextTable]]


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        name: what a list of formats calls it.
        endings: of its files' names, in lower case.
        open_tables: opens the tables of a file, with what a sentence calls each. It
            takes the file, the names that are looked for, and the source with what the
            mapping says. It raises an InputError, or an OSError, where the file can't
            be read. None: the engine reads such files itself.
        has_sheets: a file may hold several tables, each with a name.
        is_typed: its numbers are numbers, not texts.
    """

    name: str
    endings: tuple[str, ...]
    open_tables: Callable[[Path, Sought, TableSource], Tables] | None
    has_sheets: bool = False
    is_typed: bool = True


def _packed(*endings: str) -> tuple[str, ...]:
    return tuple(it + packing for it in endings for packing in ("", ".gz", ".zip"))


def _header(source: TableSource) -> list[str] | None:
    return list(source.header) if source.header else None


def _open_text(file: Path, sought: Sought, source: TableSource) -> Tables:
    hints = source.separator, source.encoding, _header(source)
    yield file.name, read_text(file, sought, *hints)


def _open_json(file: Path, sought: Sought, source: TableSource) -> Tables:
    yield file.name, read_json(file, sought, source.encoding)


def _open_workbook(file: Path, sought: Sought, source: TableSource) -> Tables:
    return open_sheets(file, source.sheets, sought, _header(source))


FORMATS = {
    "text": Format(
        "CSV, TSV, TXT",
        (*_packed(".csv", ".tsv", ".txt"), ".zip"),
        _open_text,
        is_typed=False,
    ),
    "json": Format(
        "JSON (plain, .gz or .zip)", _packed(".jsonl", ".ndjson", ".json"), _open_json
    ),
    "parquet": Format("Parquet", (".parquet", ".pq"), None),
    "workbook": Format(
        "a workbook (.xlsx, .xls, .ods)",
        (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        _open_workbook,
        has_sheets=True,
    ),
}


def kind_of(path: Path) -> str | None:
    """Tell which of FORMATS a file is of, by the longest ending; None: of none."""
    endings = {it: kind for kind, one in FORMATS.items() for it in one.endings}
    fitting = [it for it in endings if path.name.lower().endswith(it)]
    return endings[max(fitting, key=len)] if fitting else None


def format_of(path: Path) -> Format:
    """Return the format of a file; one of none of them is tried as text."""
    return FORMATS[kind_of(path) or "text"]


def formats_in_words() -> str:
    """List all formats for a sentence."""
    *names, last = (one.name for one in FORMATS.values())
    return f"{', '.join(names)} or {last}"
