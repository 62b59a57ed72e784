"""Reads delimited text files as they come: any separator, encoding, broken lines.

Every value stays text. A line that can't be split into the header's columns isn't
dropped: it is handed on whole, so that it can be counted.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from warehouse.inputs.contract import InputError, listing, squeeze

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
CHUNK_LINES = 10_000


@dataclass(frozen=True)
class Chunk:
    """Some rows: each has a value per column, or is a raw line that couldn't be split.

    `raw` gives, by position in `rows`, the lines that couldn't be split; their rows
    are blank.
    """

    rows: Sequence[Sequence[str]]
    raw: Mapping[int, str]


@dataclass(frozen=True)
class TextTable:
    """An opened text file: its column names and its rows, to be read once."""

    columns: list[str]
    chunks: Iterator[Chunk]
    separator: str


def _decode_as_windows(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that aren't UTF-8 as Windows-1252, and what that lacks as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    characters = []
    for byte in wrong:
        try:
            characters.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            characters.append(chr(byte))
    return "".join(characters), error.end


codecs.register_error("windows_1252", _decode_as_windows)


def open_text(path: Path, encoding: str | None = None) -> TextIO:
    """Open a text file (or a .gz of one) with its encoding found out.

    UTF-16 is told by its byte order mark or its zero bytes. Everything else is read
    as UTF-8, and single bytes that aren't UTF-8 as Windows-1252: so Latin-1 files,
    and files that mix both, come out right. A given encoding is taken at its word.

    Raises
    ------
    InputError
        When Python doesn't know the given encoding.
    """
    if encoding:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise InputError(
                f"The encoding '{encoding}' given for {path.name} isn't known. "
                "Write for example utf-8, utf-16, latin-1 or cp1252, or leave it out."
            ) from None
    binary = gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115
    start = binary.read(4096)
    binary.seek(0)
    if encoding:
        if squeeze(encoding) in ("utf8", "utf8sig"):
            encoding = "utf-8-sig"
        return io.TextIOWrapper(binary, encoding=encoding, newline="")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return io.TextIOWrapper(binary, encoding="utf-16", newline="")
    zeros = start.count(0)
    if zeros > len(start) // 4:
        little = start[1::2].count(0) >= zeros / 2
        encoding = "utf-16-le" if little else "utf-16-be"
        return io.TextIOWrapper(binary, encoding=encoding, newline="")
    return io.TextIOWrapper(
        binary, encoding="utf-8-sig", errors="windows_1252", newline=""
    )


class _Lines:
    """A file's lines, one by one, that remembers them and can take them back."""

    def __init__(self, file: TextIO) -> None:
        self._file = iter(file)
        self._returned: list[str] = []
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._file)
        self.taken.append(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Put lines back, so that they come next, in their order."""
        self._returned.extend(reversed(lines))


# A row that was split, or None and the raw line that couldn't be.
Record = tuple[list[str] | None, str | None]


def collect(records: Iterable[Record], width: int) -> Chunk:
    """Put records of a table with `width` columns into one chunk."""
    rows: list[list[str]] = []
    raw: dict[int, str] = {}
    for row, line in records:
        if row is None:
            raw[len(rows)] = line or ""
        rows.append(row if row is not None else [""] * width)
    return Chunk(rows, raw)


def _quoted_chunks(lines: _Lines, separator: str, width: int) -> Iterator[Chunk]:
    """Split lines at a separator outside quotes, many at a time where all is well."""
    while True:
        lines.taken = []
        some = list(itertools.islice(lines, CHUNK_LINES))
        if not some:
            return
        reader = csv.reader(
            some, delimiter=separator, strict=True, skipinitialspace=True
        )
        try:
            rows = list(reader)
        except csv.Error:
            rows = []
        if rows and all(len(row) == width and any(map(str.strip, row)) for row in rows):
            yield Chunk(rows, {})
        else:
            lines.give_back(some)
            records = _careful_records(lines, separator, width, len(some))
            yield collect(records, width)


def _careful_records(
    lines: _Lines, separator: str, width: int, at_least: int
) -> Iterator[Record]:
    """Split at least so many lines, one record after the other.

    A record that spans lines but doesn't come out right began at a stray quote: only
    its first line is in doubt, the others are read again as lines of their own.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    done = 0
    while done < at_least:
        lines.taken = []
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            row = None
        if row is None or (len(lines.taken) > 1 and len(row) != width):
            first, *others = lines.taken
            lines.give_back(others)
            lines.taken = [first]
            row = _split_leniently(first, separator)
        done += len(lines.taken)
        if not any(value.strip() for value in row):
            continue
        if len(row) > width and not any(value.strip() for value in row[width:]):
            row = row[:width]
        if len(row) == width:
            yield row, None
        else:
            yield None, "".join(lines.taken).rstrip("\r\n")


def _split_leniently(line: str, separator: str) -> list[str]:
    """Split one line, taking quotes that aren't closed as they come."""
    reader = csv.reader([line], delimiter=separator, skipinitialspace=True)
    try:
        return next(reader, [])
    except csv.Error:
        return [line]


def _blank_separated_chunks(lines: _Lines, width: int) -> Iterator[Chunk]:
    """Split lines at runs of blanks."""
    while True:
        lines.taken = []
        some = list(itertools.islice(lines, CHUNK_LINES))
        if not some:
            return
        yield collect(
            (
                (row, None) if len(row) == width else (None, line.rstrip("\r\n"))
                for line in some
                if (row := line.split())
            ),
            width,
        )


def _split_head(head: list[str], separator: str) -> list[tuple[list[str], int]]:
    """Split the first lines into rows, each with the number of lines up to its end."""
    if separator == "whitespace":
        return [(line.split(), number) for number, line in enumerate(head, start=1)]
    reader = csv.reader(head, delimiter=separator, skipinitialspace=True)
    rows = []
    try:
        for row in reader:
            rows.append((row, reader.line_num))
    except csv.Error:
        pass
    return rows


def header_score(row: list[str], wanted: frozenset[str]) -> int:
    """Count how many of the wanted (squeezed) names a row holds."""
    return len({squeeze(str(value)) for value in row} & wanted)


def unique_names(header: list[str]) -> list[str]:
    """Trim header names, name blank ones column_<n>, and number repeated ones."""
    names: list[str] = []
    seen: set[str] = set()
    for position, value in enumerate(header, start=1):
        base = str(value).strip().strip("\ufeff\"'").strip() or f"column_{position}"
        name, number = base, 2
        while name.casefold() in seen:
            name, number = f"{base}_{number}", number + 1
        seen.add(name.casefold())
        names.append(name)
    return names


def _find_header(
    head: list[str], wanted: frozenset[str], separators: tuple[str, ...]
) -> tuple[list[str], int, str]:
    """Find the header: the row, under any separator, with most of the wanted names.

    Returns the header, the number of lines up to its end, and the separator. Without
    any wanted name it is the first line that isn't blank.
    """
    best: tuple[tuple[int, int, int], list[str], int, str] | None = None
    for separator in separators:
        for row, lines_used in _split_head(head, separator):
            if not any(value.strip() for value in row):
                continue
            score = (header_score(row, wanted), -lines_used, len(row))
            if best is None or score > best[0]:
                best = (score, row, lines_used, separator)
    if best is None:
        return [], 0, separators[0]
    return best[1], best[2], best[3]


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
    wanted: frozenset[str],
    separator: str | None = None,
    encoding: str | None = None,
    header: list[str] | None = None,
) -> TextTable:
    """Open a delimited text file and find its header.

    Parameters
    ----------
    path
        The file; a .gz is unpacked.
    wanted
        Squeezed names of the columns that are looked for: the header is the line, of
        the first 60, and the separator the one, that show most of them.
    separator
        A character, or comma, semicolon, tab, pipe, whitespace (runs of blanks).
    encoding
        Any that Python knows; found out when left out.
    header
        The column names of a file that has no header line.

    Raises
    ------
    InputError
        When the file has no text, or given hints can't be meant.
    """
    lines = _Lines(open_text(path, encoding))
    separators = _separators(separator, path)
    head = []
    for line in lines:
        head.append(line)
        if len(head) == HEADER_SEARCH_LINES:
            break
    if not any(line.strip() for line in head):
        raise InputError(
            f"{path.name} is empty: it has no header line and no rows. Export it "
            "again, or remove it when the shop has no such table."
        )
    if header is None:
        columns, used, chosen = _find_header(head, wanted, separators)
    else:
        columns, used = [str(name) for name in header], 0
        chosen = _separator_for_width(head, len(columns), separators, path)
    lines.give_back(head[used:])
    width = len(columns)
    if chosen == "whitespace":
        chunks = _blank_separated_chunks(lines, width)
    else:
        chunks = _quoted_chunks(lines, chosen, width)
    return TextTable(unique_names(columns), chunks, chosen)


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
