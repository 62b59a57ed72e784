"""Reads delimited text files as they come: any separator, encoding, broken lines.

Every value stays text. A line that can't be split into the header's columns isn't
dropped: it is handed on whole, so that it can be counted.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from trajectories.warehouse.inputs.contract import InputError, listing
from trajectories.warehouse.inputs.openings import note_on_fallbacks, open_text
from trajectories.warehouse.inputs.rows import (
    SHAPE_ROWS,
    Chunk,
    LineCount,
    LineOrRow,
    RowShapes,
    Sought,
    TextTable,
    check_width,
    chunk_rows,
    collect,
    header_rank,
    unique_names,
    without_repeated_headers,
)

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_NAMES = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
    "whitespace": "whitespace",
}
HEADER_SEARCH_LINES = 60


class _StrayQuoteLine(str):
    """A line that holds the second one of two stray quotes."""

    __slots__ = ()


class _Lines:
    """A file's lines, that remembers them, counts them and can take them back.

    Zero bytes and byte order marks amid the file (of files that were joined) are left
    out. `header` is the header line as it stands, once it is known.
    """

    def __init__(self, file: TextIO, count: LineCount) -> None:
        self._file = iter(file)
        self._returned: list[str] = []
        self._count = count
        self.taken: list[str] = []
        self.header = ""
        self.zeros = 0
        self.stray_lines = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self._returned:
            self._returned = self._fetch(SHAPE_ROWS)[::-1]
        if not self._returned:
            raise StopIteration
        line = self._returned.pop()
        self.taken.append(line)
        return line

    def take(self, number: int) -> list[str]:
        """Return the next lines, at most so many; none at the end."""
        some = self._returned[: -number - 1 : -1]
        del self._returned[-number:]
        return some + self._fetch(number - len(some)) if len(some) < number else some

    def give_back(self, lines: list[str]) -> None:
        """Put lines back, so that they come next, in their order."""
        self._returned.extend(reversed(lines))

    def split_header_off(self, line: str) -> bool:
        """Part a row from the header behind it: a joined file lacked its last end."""
        text, header = line.rstrip("\r\n"), self.header
        if not header or text == header or not text.endswith(header):
            return False
        end = len(text) - len(header)
        self.give_back([f"{line[:end]}\n", line[end:]])
        self._count.taken += 1
        return True

    def _fetch(self, number: int) -> list[str]:
        some = list(itertools.islice(self._file, number))
        joined = "".join(some)
        if "\0" in joined or "\ufeff" in joined:
            self.zeros += joined.count("\0")
            some = [self._mended(line) for line in some]
        self._count.taken += len(some)
        return some

    def _mended(self, line: str) -> str:
        line = line.replace("\0", "").removeprefix("\ufeff")
        if self.header:
            line = line.replace(f"\ufeff{self.header}", self.header)
        return line


def _quoted_chunks(
    lines: _Lines, separator: str, width: int, count: LineCount
) -> Iterator[Chunk]:
    """Split lines at a separator outside quotes, many at a time where all is well."""
    shapes: RowShapes | None = None
    while some := lines.take(chunk_rows(width)):
        reader = csv.reader(
            some, delimiter=separator, strict=True, skipinitialspace=True
        )
        try:
            rows = list(reader)
        except csv.Error:
            rows = []
        if (
            len(rows) == len(some)
            and set(map(len, rows)) == {width}
            and (all(map(str.strip, [row[0] for row in rows])) or _are_filled(rows))
        ):
            count.rows += len(rows)
            yield Chunk(rows, {})
            continue
        if shapes is None:
            alone = (_split_leniently(line, separator) for line in some[:SHAPE_ROWS])
            shapes = RowShapes(
                row for row, is_open in alone if len(row) == width and not is_open
            )
        lines.give_back(some)
        records = _careful_records(lines, separator, width, len(some), shapes, count)
        yield collect(records, width)


def _are_filled(rows: list[list[str]]) -> bool:
    return all(map(_is_filled, rows))


def _is_filled(row: list[str]) -> bool:
    return any(map(str.strip, row))


def _careful_records(
    lines: _Lines,
    separator: str,
    width: int,
    at_least: int,
    shapes: RowShapes,
    count: LineCount,
) -> Iterator[LineOrRow]:
    """Split at least so many lines, one record after the other.

    A record that spans lines but doesn't come out right, or has swallowed lines that
    are rows by themselves, began at a stray quote: only its first line is in doubt
    (and the one with the second quote), the others are read again as lines of their
    own.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    split = partial(_split_line, separator=separator)
    done = 0
    while done < at_least or lines.stray_lines:
        lines.taken = []
        row: list[str] | None
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            row = None
        taken = lines.taken
        spans = len(taken) > 1
        fits = row is not None and len(row) == width
        if spans and fits and shapes.breaks(row):
            row = None
        elif spans and fits and shapes.swallowed(taken, split):
            row = None
            last = taken[-1]
            if last.count('"') % 2 and type(last) is str:
                taken[-1] = _StrayQuoteLine(last)
                lines.stray_lines += 1
        is_broken = False
        if row is None or (spans and len(row) != width):
            first, *others = taken
            lines.give_back(others)
            taken = [first]
            row, is_broken = _split_leniently(first, separator)
        if len(taken) == 1 and isinstance(taken[0], _StrayQuoteLine):
            lines.stray_lines -= 1
            is_broken = True
        done += len(taken)
        if len(row) != width and len(taken) == 1 and lines.split_header_off(taken[0]):
            done -= 1
            continue
        if not _is_filled(row):
            count.blank += len(taken)
            continue
        if len(row) > width and not _is_filled(row[width:]):
            row = row[:width]
        count.rows += 1
        count.continued += len(taken) - 1
        if len(row) == width and not is_broken:
            yield row, None
        else:
            yield None, "".join(taken).rstrip("\r\n")


def _split_leniently(line: str, separator: str) -> tuple[list[str], bool]:
    """Split one line, taking quotes as they come; tell whether one isn't closed."""
    pair = [line, "another line"]
    reader = csv.reader(pair, delimiter=separator, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error:
        return [line], True
    return rows[0], len(rows) == 1


def _split_line(line: str, separator: str) -> list[str]:
    """Split a line by itself, without regard to quotes that aren't closed."""
    row, is_open = _split_leniently(line, separator)
    return line.replace('"', "").rstrip("\r\n").split(separator) if is_open else row


def _blank_separated_chunks(
    lines: _Lines, width: int, count: LineCount
) -> Iterator[Chunk]:
    """Split lines at runs of blanks."""
    while some := lines.take(chunk_rows(width)):
        filled = [(row, line) for line in some if (row := line.split())]
        count.blank += len(some) - len(filled)
        count.rows += len(filled)
        yield collect(
            (
                (row, None) if len(row) == width else (None, line.rstrip("\r\n"))
                for row, line in filled
            ),
            width,
        )


def _split_head(head: list[str], separator: str) -> list[tuple[list[str], int]]:
    """Split the first lines into rows, each with the number of lines up to its end.

    A record that spans lines and the lines it consists of are both tried: a stray
    quote in a title must not swallow the header.
    """
    if separator == "whitespace":
        return [(line.split(), number) for number, line in enumerate(head, start=1)]
    rows = []
    reader = csv.reader(head, delimiter=separator, skipinitialspace=True)
    before = 0
    try:
        for row in reader:
            rows.append((row, reader.line_num))
            if reader.line_num > before + 1:
                rows += [
                    (_split_line(head[place], separator), place + 1)
                    for place in range(before, reader.line_num)
                ]
            before = reader.line_num
    except csv.Error:
        pass
    return rows


def _find_header(
    head: list[str], sought: Sought, separators: tuple[str, ...], name: str
) -> tuple[list[str], int, str]:
    """Find the header: the row, under any separator, with the names that are sought.

    Returns the header, the number of lines up to its end, and the separator. Without
    any such name it is the first line that isn't blank.

    Raises:
        InputError: when lines above it look like the rows below it.
    """
    best: tuple[tuple[bool, int, int, int, int], list[str], int, str] | None = None
    for separator in separators:
        for row, lines_used in _split_head(head, separator):
            if not _is_filled(row):
                continue
            rank = header_rank(row, lines_used, sought)
            if best is None or rank > best[0]:
                best = (rank, row, lines_used, separator)
    if best is None:
        return [], 0, separators[0]
    _, header, used, separator = best
    _check_rows_above(_split_head(head, separator), header, used, name)
    return header, used, separator


def _check_rows_above(
    rows: list[tuple[list[str], int]], header: list[str], used: int, name: str
) -> None:
    width = len(header)
    below = [row for row, at in rows if at > used and len(row) == width]
    shapes = RowShapes(row for row in below if _is_filled(row))
    for row, at in rows:
        if at < used and shapes.has(row):
            raise InputError(
                f"Line {at} of {name}, above the header in line {used}, looks like a "
                f"row: {listing(row)}. The header is: {listing(header)}. Put the "
                "header into the first line."
            )


def _separators(given: str | None, path: Path) -> tuple[str, ...]:
    if given is None:
        return SEPARATORS
    separator = SEPARATOR_NAMES.get(given.strip().lower() or given, given)
    if separator != "whitespace" and len(separator) != 1:
        raise InputError(
            f"The separator '{given}' given for {path.name} isn't one character. Write "
            "comma, semicolon, tab, pipe, whitespace or the character itself."
        )
    return (separator,)


def read_text(
    path: Path,
    sought: Sought,
    separator: str | None = None,
    encoding: str | None = None,
    header: list[str] | None = None,
) -> TextTable:
    """Open a delimited text file and find its header.

    Args:
        path: the file; a .gz, and a .zip of one file, is unpacked.
        sought: the names of the columns that are looked for: the header is the line, of
            the first 60, and the separator the one, that show them.
        separator: a character, or comma, semicolon, tab, pipe, whitespace (runs of
            blanks).
        encoding: any that Python knows; found out when left out.
        header: the column names of a file that has no header line.

    Raises:
        InputError: when the file has no text, or given hints can't be meant.
    """
    count = LineCount()
    lines = _Lines(open_text(path, encoding), count)
    separators = _separators(separator, path)
    head = lines.take(HEADER_SEARCH_LINES)
    if not any(line.strip() for line in head):
        raise InputError(
            f"{path.name} is empty: it has no header line and no rows. Export it "
            "again, or remove it when the shop has no such table."
        )
    if header is None:
        written, used, chosen = _find_header(head, sought, separators, path.name)
        lines.header = head[used - 1].rstrip("\r\n")
    else:
        written, used = [str(name) for name in header], 0
        chosen = _separator_for_width(head, len(written), separators, path)
    count.head = used
    lines.give_back(head[used:])
    columns, twins = unique_names(check_width(written, path.name), sought)
    width = len(columns)
    if chosen == "whitespace":
        chunks = _blank_separated_chunks(lines, width, count)
    else:
        chunks = _quoted_chunks(lines, chosen, width, count)
    table = TextTable(columns, chunks, chosen, count, twins)
    return table.with_chunks(_noted(table, sought, lines, path.name))


def _noted(
    table: TextTable, sought: Sought, lines: _Lines, name: str
) -> Iterator[Chunk]:
    """Pass a table's chunks on; at their end, note what was taken."""
    yield from without_repeated_headers(table, sought, name)
    table.notes.extend(note_on_fallbacks(name))
    if lines.zeros:
        table.notes.append(
            f"{name} holds {lines.zeros:,} zero bytes, which were left out. They are "
            "what a disk or a transfer that broke off leaves: export it again if rows "
            "are missing."
        )


def _separator_for_width(
    head: list[str], width: int, separators: tuple[str, ...], path: Path
) -> str:
    """Choose the separator that splits most of the first lines into `width` values."""
    counts = {
        separator: sum(len(row) == width for row, _ in _split_head(head, separator))
        for separator in separators
    }
    best = max(separators, key=lambda separator: counts[separator])
    if counts[best] == 0:
        first = next(line.strip() for line in head if line.strip())
        raise InputError(
            f"{path.name} can't be split into the {width} columns given in 'header'. "
            f"Its first line is: {listing([first[:120]])}. Correct the list of names, "
            "or say the 'separator'."
        )
    return best
