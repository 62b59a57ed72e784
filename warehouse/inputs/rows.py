"""What every reader of files gives: rows of text, and what became of each line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trajectories.warehouse.inputs.contract import InputError, listing, squeeze

MOST_COLUMNS = 2_000
CHUNK_ROWS = 10_000
CHUNK_CELLS = 1_000_000
# The lines of a file that rows are known by, and how alike they have to be.
SHAPE_ROWS = 1_000
FEW_ROWS = 5
TELLING_SHARE = 0.95


@dataclass(frozen=True)
class Chunk:
    """Some rows: each has a value per column, or is a raw line that couldn't be split.

    `raw` gives, by position in `rows`, the lines that couldn't be split; their rows
    are blank.
    """

    rows: Sequence[Sequence[str]]
    raw: Mapping[int, str]


@dataclass
class LineCount:
    """What became of a file's lines (a sheet's rows): each one is counted once."""

    taken: int = 0
    head: int = 0
    blank: int = 0
    repeated_headers: int = 0
    rows: int = 0
    continued: int = 0

    def check(self, name: str, written: int) -> None:
        """Hold that every line that was taken is accounted for.

        Raises:
            InputError: when a line is neither header, nor blank, nor (part of) a row.
        """
        known = self.head + self.blank + self.repeated_headers
        if self.taken != known + self.rows + self.continued or written != self.rows:
            raise InputError(
                f"{name} has {self.taken:,} lines, but {self.head:,} down to its "
                f"header, {self.blank:,} blank, {self.repeated_headers:,} repeated "
                f"headers, {self.rows:,} rows ({written:,} of them written) and "
                f"{self.continued:,} further lines of rows are accounted for. That is "
                "a fault of this reader: nothing is published from such a file. Export "
                "it in another format, or report the fault."
            )


@dataclass(frozen=True)
class TextTable:
    """An opened table: its column names, and its rows, to be read once.

    `twins` are pairs of positions of columns whose names are the same. `notes` are
    sentences on what was taken where the file can't tell; complete at the end.
    """

    columns: list[str]
    chunks: Iterator[Chunk]
    separator: str
    count: LineCount
    twins: tuple[tuple[int, int], ...] = ()
    notes: list[str] = field(default_factory=list)

    def with_chunks(self, chunks: Iterator[Chunk]) -> TextTable:
        """Return the table with its rows passed through another iterator."""
        return replace(self, chunks=chunks)


# A row that was split, or None and the raw line that couldn't be.
LineOrRow = tuple[list[str] | None, str | None]


def collect(records: Iterable[LineOrRow], width: int) -> Chunk:
    """Put records of a table with `width` columns into one chunk."""
    rows: list[list[str]] = []
    raw: dict[int, str] = {}
    for row, line in records:
        if row is None:
            raw[len(rows)] = line or ""
        rows.append(row if row is not None else [""] * width)
    return Chunk(rows, raw)


def chunk_rows(width: int) -> int:
    """Tell how many rows of so many columns are held at a time."""
    return max(100, min(CHUNK_ROWS, CHUNK_CELLS // max(width, 1)))


# -- Numbers that are no text ---------------------------------------------------------

# What ends them in the file of text columns; numbers that people write never do.
TYPED = "e0"


class TypedNumber(str):
    """The text of a fraction that a file holds as a number: its point is decimal.

    It tells nothing of how people write: 1.250 as text beside it may be a thousand.
    """

    __slots__ = ()

    def marked(self) -> str:
        """Return it as a text that nobody takes for one that a person wrote.

        It never has three decimals alone: 12.345 in a cell is no twelve thousand.
        """
        return f"{self}0{TYPED}" if self[-4:-3] == "." else f"{self}{TYPED}"


def mark_numbers(row: list[str], places: Sequence[int]) -> None:
    """Mark the typed numbers of a row in columns that numbers are made from."""
    for place in places:
        value = row[place]
        if isinstance(value, TypedNumber):
            row[place] = value.marked()


# -- Headers --------------------------------------------------------------------------


@dataclass(frozen=True)
class Sought:
    """Names, squeezed, by which a table's header is known; and those it can't lack.

    `numbers` are the names of columns that numbers are made from.
    """

    names: frozenset[str]
    required: frozenset[str] = frozenset()
    table: str = ""
    numbers: frozenset[str] = frozenset()

    def score(self, row: Sequence[str]) -> int:
        """Count how many of the names a row holds."""
        return len({squeeze(value) for value in row} & self.names)

    def places_of_numbers(self, columns: Sequence[str]) -> list[int]:
        """List where columns stand that numbers are made from."""
        return [i for i, name in enumerate(columns) if squeeze(name) in self.numbers]

    def is_complete(self, row: Sequence[str]) -> bool:
        """Tell whether a row holds all names that a header can't lack."""
        names = {squeeze(value) for value in row}
        return bool(self.required) and self.required <= names


def header_rank(
    row: Sequence[str], place: int, sought: Sought
) -> tuple[bool, int, int, int, int]:
    """Rank a row as a header: the best one is the greatest.

    The first row with all names that are needed is the header, also when a later one
    holds more of them: what lies between would be lost. Without such a row it is the
    first one with the most names.
    """
    score = sought.score(row)
    if sought.is_complete(row):
        return True, -place, score, 0, len(row)
    return False, 0, score, -place, len(row)


def unique_names(
    header: Sequence[str], sought: Sought
) -> tuple[list[str], tuple[tuple[int, int], ...]]:
    """Trim header names, name blank ones column_<n>, and number repeated ones.

    The first of repeated ones is numbered where that is the name that is sought.

    Returns the names, and the pairs of positions that have one name.
    """
    bases = [
        value.strip().strip("\ufeff\"'").strip() or f"column_{position}"
        for position, value in enumerate(header, start=1)
    ]
    first_places: dict[str, int] = {}
    twins = []
    names: list[str] = []
    seen: set[str] = set()
    for position, base in enumerate(bases):
        first = first_places.setdefault(base.casefold(), position)
        if first != position:
            twins.append((first, position))
        name, number = base, 2
        while name.casefold() in seen:
            name, number = f"{base}_{number}", number + 1
        seen.add(name.casefold())
        names.append(name)
    for first in {first for first, _ in twins}:
        if squeeze(f"{names[first]}_1") in sought.names:
            names[first] += "_1"
    return names, tuple(twins)


def check_width(header: Sequence[str], name: str) -> list[str]:
    """Return a header without the blanks at its end that are too many.

    Raises:
        InputError: when it has more columns than a table of orders can have.
    """
    header = list(header)
    if len(header) > MOST_COLUMNS:
        while header and not header[-1].strip():
            header.pop()
    if len(header) > MOST_COLUMNS:
        raise InputError(
            f"{name} has {len(header):,} columns; at most {MOST_COLUMNS:,} are read. "
            f"The first ones are: {listing(header[:5])}. Export the columns that are "
            "needed, one row per order or line of one."
        )
    return header


def without_repeated_headers(
    table: TextTable, sought: Sought, name: str
) -> Iterator[Chunk]:
    """Leave header lines amid the rows out: files that were joined have them.

    A line that is another header, with the known columns where they were, is handed
    on whole. One with known columns elsewhere contradicts the first.

    Raises:
        InputError: when a later header puts a column somewhere else.
    """
    names = [squeeze(column) for column in table.columns]
    known = [place for place, column in enumerate(names) if column in sought.names]
    place = known[0] if known else 0
    marks = {
        written
        for column in table.columns
        for written in (column, column.lower(), column.upper())
        if not known or squeeze(column) in sought.names
    }
    before = 0
    for chunk in table.chunks:
        size = len(chunk.rows)
        if marks.isdisjoint([row[place].strip() for row in chunk.rows]):
            yield chunk
        else:
            yield _judge_headers(chunk, names, sought, before, table, name)
        before += size


def _judge_headers(
    chunk: Chunk,
    names: list[str],
    sought: Sought,
    before: int,
    table: TextTable,
    name: str,
) -> Chunk:
    records: list[LineOrRow] = []
    for position, row in enumerate(chunk.rows):
        found = [squeeze(value) for value in row]
        here = f"row {before + position + 1:,} of {name}"
        if position in chunk.raw:
            records.append((None, chunk.raw[position]))
        elif found == names:
            if not table.count.repeated_headers:
                table.notes.append(
                    f"{here[0].upper()}{here[1:]} repeats the header: it and further "
                    "ones like it are no rows."
                )
            table.count.repeated_headers += 1
            table.count.rows -= 1
        elif sought.score(row) < 2:
            records.append((list(row), None))
        else:
            moved = [
                value
                for value, column in zip(found, names, strict=True)
                if value in sought.names and value != column and value in names
            ]
            line = (table.separator or "|").join(row)
            if moved:
                raise InputError(
                    f"{here[0].upper()}{here[1:]} is a header with the columns in "
                    f"another order: {listing(row)}; the first header has: "
                    f"{listing(table.columns)}. Below it values would stand in the "
                    "wrong columns: make two files of it."
                )
            table.notes.append(
                f"{here[0].upper()}{here[1:]} looks like another header: "
                f"{listing(row)}. It is counted as a row that can't be read, and the "
                "columns stay those of the first header. If others begin there, make "
                "two files of it."
            )
            records.append((None, line))
    return collect(records, len(names))


# -- What rows look like --------------------------------------------------------------

_NUMBER = re.compile(r"\d+(?:[.,'\u00a0 ]\d+)*")
_LETTERS = re.compile(r"[^\W\d_]+")


def _shape(value: str) -> str:
    """Reduce a value to its form: 'T00050' -> 'a9', '2017-12-31' -> '9-9-9'."""
    return _LETTERS.sub("a", _NUMBER.sub("9", value.strip()))


class RowShapes:
    """What the rows of a file look like, by the columns that always hold digits.

    It tells a row that a stray quote has swallowed from a line of a text that spans
    lines: ids, dates and amounts have their forms, and a text hardly has all of them,
    in order, between the right number of separators.
    """

    def __init__(self, rows: Iterable[Sequence[str]]) -> None:
        """Learn from rows that are good."""
        columns = list(zip(*rows, strict=True))
        self.width = len(columns)
        self._forms: dict[int, Counter[str]] = {}
        for place, values in enumerate(columns):
            filled = [value for value in values if value.strip()]
            digits = sum(any(map(str.isdigit, value)) for value in filled)
            if filled and digits >= TELLING_SHARE * len(values):
                self._forms[place] = Counter(map(_shape, filled))

    def has(self, row: Sequence[str]) -> bool:
        """Tell whether a row looks like the rows that were learnt from."""
        if len(row) != self.width or not self._forms:
            return False
        return all(self._fits(place, row[place]) for place in self._forms)

    def _fits(self, place: int, value: str) -> bool:
        form, forms = _shape(value), self._forms[place]
        if form in forms:
            return True
        has_blanks = any(" " in known for known in forms)
        return "9" in form and not has_blanks and " " not in form

    def breaks(self, row: Sequence[str]) -> bool:
        """Tell whether a line ends within a value that never has as much as a blank."""
        return any(
            not {"\n", "\r"}.isdisjoint(row[place].strip())
            and forms.total() >= FEW_ROWS
            and not any(" " in form for form in forms)
            for place, forms in self._forms.items()
        )

    def swallowed(self, lines: Sequence[str], split: Callable[..., list[str]]) -> bool:
        """Tell whether a record that spans lines has swallowed rows.

        Most lines after its first one are rows by themselves. (The last line of a text
        in the first column is one, too: then the first line is none.)
        """
        rows = sum(self.has(split(line)) for line in lines[1:])
        if not rows or 2 * rows < len(lines) - 1:
            return False
        return rows >= 2 or len(split(lines[0])) == self.width
