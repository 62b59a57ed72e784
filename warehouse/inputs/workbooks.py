"""Reads tables from Excel workbooks (xlsx, xlsm, xlsb, xls) and OpenDocument sheets."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from warehouse.inputs.contract import InputError, listing, squeeze
from warehouse.inputs.text_files import (
    Record,
    TextTable,
    collect,
    header_score,
    unique_names,
)

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
HEADER_SEARCH_ROWS = 60
# A date that a spreadsheet program left as text: 13/02/2018, 2.13.18 14:33.
_WRITTEN_DATE = re.compile(r"\s*\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})(\s|$)")
# Fewer of the dates of a column, real ones or texts, are a slip.
_FEW_DATES = 0.01


def cell_text(value: Any) -> str:
    """Write a cell as text: whole numbers without '.0', dates as ISO, blank as ''."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        text = repr(value)
        return f"{Decimal(text):f}" if "e" in text else text
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value)


def open_workbook(path: Path) -> CalamineWorkbook:
    """Open a workbook.

    Raises
    ------
    InputError
        When it is no workbook, or a damaged or encrypted one.
    """
    try:
        return CalamineWorkbook.from_path(str(path))
    except Exception as error:
        raise InputError(
            f"{path.name} can't be read as a workbook ({error}). Open it in a "
            "spreadsheet program and save it again as xlsx, or export it as CSV."
        ) from error


def read_sheet(
    path: Path,
    sheet: str,
    wanted: frozenset[str],
    header: list[str] | None = None,
) -> TextTable:
    """Read one sheet; the header is the row, of the first 60, with most wanted names.

    Raises
    ------
    InputError
        When the workbook can't be read, lacks the sheet, or the sheet is empty; or
        when a wanted column holds real dates beside dates as text.
    """
    workbook = open_workbook(path)
    names = {name.casefold().strip(): name for name in workbook.sheet_names}
    if sheet.casefold().strip() not in names:
        raise InputError(
            f"{path.name} has no sheet '{sheet}'. Its sheets are: "
            f"{listing(workbook.sheet_names)}."
        )
    rows = workbook.get_sheet_by_name(names[sheet.casefold().strip()]).to_python()
    filled = [number for number, row in enumerate(rows) if _is_filled(row)]
    if not filled:
        raise InputError(
            f"Sheet '{sheet}' of {path.name} is empty: it has no header and no rows."
        )
    if header is not None:
        columns, first = [str(name) for name in header], 0
    else:
        searched = [number for number in filled if number < HEADER_SEARCH_ROWS]
        position = max(
            searched or filled[:1],
            key=lambda number: (header_score(_texts(rows[number]), wanted), -number),
        )
        columns, first = _texts(rows[position]), position + 1
    width = len(columns)
    for place, name in enumerate(columns):
        if squeeze(name) in wanted:
            _check_dates(
                [row[place] for row in rows[first:] if place < len(row)],
                f"Column '{name}' of sheet '{sheet}' of {path.name}",
            )
    chunk = collect(_records(rows[first:], width), width)
    return TextTable(unique_names(columns), iter([chunk]), separator="")


def _check_dates(cells: list[Any], label: str) -> None:
    """Refuse a column of real dates and dates as text: half of it was converted.

    A spreadsheet program that opens 02/03/2018 and 02/13/2018 day first turns the one
    into the 2nd of March and leaves the other as text.
    """
    real = [cell for cell in cells if isinstance(cell, datetime.date)]
    if not real:
        return
    texts = [
        cell for cell in cells if isinstance(cell, str) and _WRITTEN_DATE.match(cell)
    ]
    if min(len(real), len(texts)) > _FEW_DATES * (len(real) + len(texts)):
        raise InputError(
            f"{label} holds {len(real)} real dates, such as {real[0]:%Y-%m-%d}, beside "
            f"{len(texts)} dates as text, such as '{texts[0]}'. A spreadsheet program "
            "turns only those into dates that fit its own order, and then takes day "
            "for month. Open the original file with this column as text, or as dates "
            "in their own order, and save it again."
        )


def _is_filled(row: list[Any]) -> bool:
    return any(value is not None and value != "" for value in row)


def _texts(row: list[Any]) -> list[str]:
    return [cell_text(value) for value in row]


def _records(rows: list[list[Any]], width: int) -> Iterator[Record]:
    for row in rows:
        if not _is_filled(row):
            continue
        texts = _texts(row)
        beyond = any(text.strip() for text in texts[width:])
        if beyond:
            yield None, "|".join(texts)
        else:
            yield texts[:width] + [""] * (width - len(texts)), None
