"""Reads tables from Excel workbooks (xlsx, xlsm, xlsb, xls) and OpenDocument sheets."""

from __future__ import annotations

import datetime
import html
import io
import itertools
import math
import re
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)
from trajectories.warehouse.inputs.contract import InputError, listing, squeeze
from trajectories.warehouse.inputs.openings import (
    BLOCK_BYTES,
    UNPACKED_BYTES,
    UNPACKED_TIMES,
    beginning,
    what_begins,
)
from trajectories.warehouse.inputs.rows import (
    Chunk,
    LineCount,
    LineOrRow,
    RowShapes,
    Sought,
    TextTable,
    TypedNumber,
    check_width,
    chunk_rows,
    collect,
    header_rank,
    mark_numbers,
    unique_names,
    without_repeated_headers,
)

HEADER_SEARCH_ROWS = 60
# A sheet is held as a rectangle up to its last row and column, blank cells included.
MOST_SHEET_ROWS, MOST_SHEET_COLUMNS = 1_048_576, 16_384
MOST_SHEET_CELLS = 64_000_000
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


@dataclass(frozen=True)
class SheetName:
    """A sheet of cells (not a chart), and whether it is shown."""

    name: str
    is_visible: bool


# A date that a spreadsheet program left as text: 13/02/2018, 2.13.18 14:33.
_WRITTEN_DATE = re.compile(r"\s*\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})(\s|$)")
# Fewer of the dates of a column, real ones or texts, are a slip.
_FEW_DATES = 0.01


def cell_text(value: Any) -> str:
    """Write a cell as text: whole numbers without '.0', dates as ISO, blank as ''.

    A cell that shows an error, such as #N/A or #REF!, comes as a blank one.
    """
    if isinstance(value, str):
        return value.replace("\0", "") if "\0" in value else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        text = repr(value)
        return TypedNumber(f"{Decimal(text):f}" if "e" in text else text)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value)


def sheets_of(path: Path) -> tuple[SheetName, ...]:
    """List a workbook's sheets of cells, in its order.

    Raises:
        InputError: when it is no workbook, or a damaged or encrypted one.
    """
    state = path.stat()
    return _sheets_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=100)
def _sheets_of(path: Path, *_state: int) -> tuple[SheetName, ...]:
    return tuple(
        SheetName(sheet.name, sheet.visible == SheetVisibleEnum.Visible)
        for sheet in open_workbook(path).sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
    )


def open_workbook(path: Path) -> CalamineWorkbook:
    """Open a workbook.

    Raises:
        InputError: when it is no workbook, or a damaged or encrypted one.
    """
    start = beginning(path)
    advice = "Open it in a spreadsheet program and save it again as xlsx"
    if not start.startswith((_OLE, _ZIP)):
        what = what_begins(start) or "text, or damaged"
        raise InputError(
            f"{path.name} can't be read as a workbook: it is {what}. {advice}, or "
            "export it as CSV."
        )
    try:
        if start.startswith(_ZIP):
            _check_growth(path)
            state = path.stat()
            _check_extents_of_ods(path, state.st_mtime_ns, state.st_size)
        if start.startswith(_ZIP) == (path.suffix.lower() == ".xls"):
            return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        return CalamineWorkbook.from_path(str(path))
    except (InputError, KeyboardInterrupt):
        raise
    except PasswordError as error:
        raise InputError(
            f"{path.name} is protected by a password. {advice} without one."
        ) from error
    except BaseException as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> InputError:
    return InputError(
        f"{path.name} can't be read as a workbook: it is damaged, or protected by a "
        f"password ({' '.join(str(error).split()).rstrip('.')[:200]}). Open it in a "
        "spreadsheet program and save it again as xlsx, or export it as CSV."
    )


def open_sheets(
    path: Path,
    sheets: tuple[str, ...],
    sought: Sought,
    header: list[str] | None = None,
) -> Iterator[tuple[str, TextTable]]:
    """Open the named sheets; without names, those that have the columns.

    These are the visible ones with all names that a header can't lack; else the hidden
    ones that have them; else the first.

    Yields what a sentence calls each sheet, and its table.

    Raises:
        InputError: when the workbook can't be read, lacks a sheet, or the sheet is
            empty.
    """
    workbook = open_workbook(path)
    if sheets:
        for sheet in sheets:
            name = _sheet_name(path, sheet)
            table = _open_sheet(workbook, path, name, sought, header)
            yield f"sheet '{name}' of {path.name}", table
        return
    known = sheets_of(path)
    if not known:
        raise InputError(f"{path.name} has no sheet of cells, so no table.")
    fitting, hidden, others = [], [], []
    for sheet in known:
        try:
            table = _open_sheet(workbook, path, sheet.name, sought, header)
        except _EmptySheetError:
            continue
        if header is not None or sought.is_complete(table.columns):
            (fitting if sheet.is_visible else hidden).append((sheet.name, table))
        else:
            others.append((sheet.name, table))
    chosen = fitting or hidden
    if not chosen:
        chosen = [_nearest_sheet(path, others, sought)]
    names = listing(f"'{name}'" for name, _ in chosen)
    if len(chosen) > 1:
        chosen[0][1].notes.append(
            f"{len(chosen)} sheets of {path.name} have the columns, and were read one "
            f"after the other: {names}. To read one, write a mapping file and name it "
            "with 'sheet:'."
        )
    if not fitting and hidden:
        chosen[0][1].notes.append(
            f"No visible sheet of {path.name} has the columns, so hidden ones were "
            f"read: {names}."
        )
    if fitting and hidden:
        chosen[0][1].notes.append(
            f"Hidden sheets of {path.name} have the columns, too, and were not read: "
            f"{listing(repr(name) for name, _ in hidden)}. To read one, write a "
            "mapping file and name it with 'sheet:'."
        )
    for name, table in chosen:
        yield f"sheet '{name}' of {path.name}", table


def _nearest_sheet(
    path: Path, tables: list[tuple[str, TextTable]], sought: Sought
) -> tuple[str, TextTable]:
    """Choose among sheets that all lack a column: a sentence will say which."""
    scores = [sought.score(table.columns) for _, table in tables]
    if len(sheets_of(path)) == 1 or max(scores, default=0) > 1:
        return tables[scores.index(max(scores))]
    raise InputError(
        f"{path.name} has no sheet named like {sought.table}, and none with its "
        f"columns. Its sheets are: {listing(it.name for it in sheets_of(path))}. Say "
        "which one with 'sheet:' in a mapping file."
    )


class _EmptySheetError(InputError):
    """A sheet without a filled cell."""


def _sheet_name(path: Path, sheet: str) -> str:
    names = {it.name.casefold().strip(): it.name for it in sheets_of(path)}
    if sheet.casefold().strip() not in names:
        raise InputError(
            f"{path.name} has no sheet '{sheet}'. Its sheets are: "
            f"{listing(names.values())}."
        )
    return names[sheet.casefold().strip()]


def _open_sheet(
    workbook: CalamineWorkbook,
    path: Path,
    sheet: str,
    sought: Sought,
    header: list[str] | None = None,
) -> TextTable:
    """Open one sheet; the header is the row, of the first 60, with the names."""
    _check_extent(path, sheet)
    try:
        cells = workbook.get_sheet_by_name(sheet)
    except (InputError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _damaged(path, error) from error
    label = f"Sheet '{sheet}' of {path.name}"
    dates = _DateCells()
    rows = _rows_of(cells, dates)
    head = list(itertools.islice(rows, HEADER_SEARCH_ROWS))
    while not any(map(_is_filled, head)):
        head = list(itertools.islice(rows, HEADER_SEARCH_ROWS))
        if not head:
            raise _EmptySheetError(f"{label} is empty: it has no header and no rows.")
    count = LineCount()
    if header is not None:
        written, first = [str(name) for name in header], 0
    else:
        filled = [place for place, row in enumerate(head) if _is_filled(row)]
        place = max(filled, key=lambda it: header_rank(head[it], it, sought))
        written, first = head[place], place + 1
        _check_rows_above(head, place, label)
    columns, twins = unique_names(check_width(written, label), sought)
    width = len(columns)
    end = cells.end
    count.taken = end[0] + 1 if end else 0
    later = itertools.chain(head[first:], rows)
    count.head = first
    numbers = sought.places_of_numbers(columns)
    chunks = _chunks(later, width, count, numbers)
    chunks = dates.checked(chunks, columns, sought, label)
    table = TextTable(columns, chunks, "", count, twins)
    return table.with_chunks(without_repeated_headers(table, sought, label))


class _DateCells:
    """Counts, by column, real dates and dates that are text."""

    def __init__(self) -> None:
        self._real: Counter[int] = Counter()
        self._written: Counter[int] = Counter()
        self._example: dict[int, str] = {}

    def note_date_cells(self, row: list[Any]) -> None:
        """Count the dates of a row."""
        for place, value in enumerate(row):
            if isinstance(value, datetime.date):
                self._real[place] += 1
            elif isinstance(value, str) and _WRITTEN_DATE.match(value):
                self._written[place] += 1
                self._example.setdefault(place, value)

    def checked(
        self, chunks: Iterator[Chunk], columns: list[str], sought: Sought, label: str
    ) -> Iterator[Chunk]:
        """Pass all rows on; refuse then a sought column that was half converted.

        A spreadsheet program that opens 02/03/2018 and 02/13/2018 day first turns the
        one into the 2nd of March and leaves the other as text.
        """
        yield from chunks
        for place, name in enumerate(columns):
            real, written = self._real[place], self._written[place]
            few = _FEW_DATES * (real + written)
            if squeeze(name) in sought.names and min(real, written) > few:
                raise InputError(
                    f"{label} holds {real:,} real dates in column '{name}' beside "
                    f"{written:,} dates as text, such as '{self._example[place]}'. A "
                    "spreadsheet program turns only those into dates that fit its own "
                    "order, and then takes day for month. Open the original file with "
                    "this column as text, or as dates in their own order, and save it "
                    "again."
                )


def _rows_of(cells: CalamineSheet, dates: _DateCells) -> Iterator[list[str]]:
    for row in cells.iter_rows():
        dates.note_date_cells(row)
        yield [cell_text(value) for value in row]


def _is_filled(row: list[str]) -> bool:
    return any(map(str.strip, row))


def _chunks(
    rows: Iterator[list[str]], width: int, count: LineCount, numbers: list[int]
) -> Iterator[Chunk]:
    while some := list(itertools.islice(rows, chunk_rows(width))):
        filled = [row for row in some if _is_filled(row)]
        count.blank += len(some) - len(filled)
        count.rows += len(filled)
        yield collect((_record(row, width, numbers) for row in filled), width)


def _record(row: list[str], width: int, numbers: list[int]) -> LineOrRow:
    if any(map(str.strip, row[width:])):
        return None, "|".join(row)
    row = row[:width] + [""] * (width - len(row))
    mark_numbers(row, numbers)
    return row, None


def _check_rows_above(head: list[list[str]], place: int, label: str) -> None:
    shapes = RowShapes(row for row in head[place + 1 :] if _is_filled(row))
    for above, row in enumerate(head[:place], start=1):
        if shapes.has(row):
            raise InputError(
                f"{label} has a row above its header, in line {above}: {listing(row)}. "
                f"The header, in line {place + 1}, is: {listing(head[place])}. Put the "
                "header into the first line."
            )


# -- Bounds ---------------------------------------------------------------------------


def _check_growth(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(UNPACKED_BYTES, UNPACKED_TIMES * path.stat().st_size):
        raise InputError(
            f"{path.name} unpacks to {unpacked:,} bytes, more than {UNPACKED_TIMES} "
            "times its size, as no workbook does. Export its table as CSV."
        )


_WIDE_CELL = re.compile(rb'\br="([A-Z]{2,3})\d')
_ROW_OF_CELL = re.compile(rb'\br="[A-Z]{0,3}(\d+)"')
_OVERLAP_BYTES = 64


def _check_extent(path: Path, sheet: str) -> None:
    """See that a sheet's rectangle can be held, before it is: one cell far off counts.

    Raises:
        InputError: when it would have more than MOST_SHEET_CELLS.
    """
    if not beginning(path).startswith(_ZIP):
        return
    with zipfile.ZipFile(path) as archive:
        extents = [_extent(archive, part) for part in _parts_of_sheet(archive, sheet)]
    rows, width = max(extents, key=math.prod, default=(0, 0))
    if rows * width > MOST_SHEET_CELLS:
        raise _too_far(path, sheet, rows, width)


def _too_far(path: Path, sheet: str, rows: int, width: int) -> InputError:
    return InputError(
        f"Sheet '{sheet}' of {path.name} reaches to column {width:,} and row {rows:,}: "
        f"{rows * width:,} cells, and at most {MOST_SHEET_CELLS:,} are held, in "
        f"{MOST_SHEET_COLUMNS:,} columns and {MOST_SHEET_ROWS:,} rows. It has a cell "
        "far beyond its table. Delete the columns and rows behind the table and save "
        "it again, or export the sheet as CSV."
    )


# In OpenDocument: a sheet, a row, a filled cell, one that may be blank.
_ODS_PARTS = re.compile(
    rb"<table:table (?P<sheet>[^>]*)>|<table:table-row\b(?P<row>[^>]*)>"
    rb"|<table:(?:covered-)?table-cell\b(?P<cell>[^>]*)>(?P<blank></table:)?"
)
_ODS_TIMES = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,18})"')


@lru_cache(maxsize=100)
def _check_extents_of_ods(path: Path, *_state: int) -> None:
    """See that sheets of an OpenDocument can be held: all are, once it is opened.

    Rows and cells that are repeated are written once. Blank ones at the end, which
    programs write up to the last column and row there can be, are none.

    Raises:
        InputError: when one has more than MOST_SHEET_CELLS, or cells that would be
            lost.
    """
    with zipfile.ZipFile(path) as archive:
        if "content.xml" not in archive.namelist():
            return
        sheet, row, times, rows, place, width = "", 0, 0, 0, 0, 0
        for part in _ods_parts(archive):
            if part["sheet"] is not None:
                name = b"".join(re.findall(rb'table:name="([^"]*)"', part["sheet"]))
                sheet = html.unescape(name.decode("utf-8", "replace"))
                row, times, rows, place, width = 0, 0, 0, 0, 0
            elif part["row"] is not None:
                row, times, place = row + times, _times(part["row"]), 0
            else:
                place += _times(part["cell"])
                if b"value" in part["cell"] or not (
                    part["blank"] or part["cell"].endswith(b"/")
                ):
                    rows, width = row + times, max(width, place)
            if (
                rows * width > MOST_SHEET_CELLS
                or rows > MOST_SHEET_ROWS
                or width > MOST_SHEET_COLUMNS
            ):
                raise _too_far(path, sheet, rows, width)


def _ods_parts(archive: zipfile.ZipFile) -> Iterator[re.Match[bytes]]:
    tail = b""
    with archive.open("content.xml") as file:
        while block := file.read(BLOCK_BYTES):
            text, start, tail = (tail + block).rpartition(b"<table:table")
            yield from _ODS_PARTS.finditer(text)
            tail = start + tail
    yield from _ODS_PARTS.finditer(tail)


def _times(attributes: bytes) -> int:
    found = _ODS_TIMES.search(attributes)
    return int(found[1]) if found else 1


def _extent(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """Tell down to which row and column a sheet may reach, at most."""
    if part.endswith(".bin"):
        return _extent_of_binary(archive, part)
    rows, width = MOST_SHEET_ROWS, _width_of(archive, part)
    return (
        rows if rows * width <= MOST_SHEET_CELLS else _rows_in(archive, part),
        width,
    )


def _parts_of_sheet(archive: zipfile.ZipFile, sheet: str) -> list[str]:
    """Find the file in a workbook that holds a sheet; all, where that isn't plain."""
    names = archive.namelist()
    if {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(names):
        targets = _targets(archive, "xl/_rels/workbook.xml.rels")
        for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
            if element.tag.endswith("}sheet") and element.get("name") == sheet:
                ids = (value for key, value in element.items() if key.endswith("}id"))
                part = targets.get(next(ids, ""))
                if part in names:
                    return [part]
    return [name for name in names if name.startswith("xl/worksheets/sheet")]


def _targets(archive: zipfile.ZipFile, relations: str) -> dict[str, str]:
    found = ElementTree.fromstring(archive.read(relations))
    return {
        element.get("Id", ""): (
            target[1:]
            if (target := element.get("Target", "")).startswith("/")
            else f"xl/{target}"
        )
        for element in found
    }


def _extent_of_binary(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """Read the extent that a sheet of a binary workbook states (BrtWsDim)."""
    with archive.open(part) as file:
        start = file.read(BLOCK_BYTES)
    place = start.find(b"\x94\x01\x10")
    if place < 0 or place + 19 > len(start):
        return 0, 0
    _, last_row, _, last_column = struct.unpack_from("<4I", start, place + 3)
    return last_row + 1, last_column + 1


def _blocks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    tail = b""
    with archive.open(part) as file:
        while block := file.read(BLOCK_BYTES):
            yield tail + block
            tail = block[-_OVERLAP_BYTES:]


def _width_of(archive: zipfile.ZipFile, part: str) -> int:
    """Count columns up to the last one with a cell; 26 when none is beyond Z."""
    letters: set[bytes] = set()
    for block in _blocks(archive, part):
        letters.update(_WIDE_CELL.findall(block))
    return max(map(_column_number, letters), default=26)


def _rows_in(archive: zipfile.ZipFile, part: str) -> int:
    return max(
        (
            max(map(int, found))
            for block in _blocks(archive, part)
            if (found := _ROW_OF_CELL.findall(block))
        ),
        default=0,
    )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
