"""Reads tables from JSON: one object a line, or one list of objects."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from trajectories.warehouse.inputs.contract import InputError, squeeze
from trajectories.warehouse.inputs.openings import (
    LONGEST_LINE_BYTES,
    note_on_fallbacks,
    open_text,
)
from trajectories.warehouse.inputs.rows import (
    Chunk,
    LineCount,
    LineOrRow,
    Sought,
    TextTable,
    TypedNumber,
    check_width,
    chunk_rows,
    collect,
    mark_numbers,
)

BLOCK_CHARACTERS = 256 * 1024
_BETWEEN = re.compile(r"[ \t\r\n,]*")


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object as its pairs: a name that is there twice is seen."""

    __slots__ = ()


# Numbers keep their text: 10.0 is no 10, and a long id loses no digit.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs,
    parse_float=TypedNumber,
    parse_int=str,
    parse_constant=lambda _: None,
)
# An object as names and values, or the text that is none.
_Item = dict[str, Any] | str


def read_json(path: Path, sought: Sought, encoding: str | None = None) -> TextTable:
    """Read objects that are flat: names become columns, in the order they appear in.

    The file is read twice: first for the names, which needn't be the same everywhere.
    A line that is no object is handed on whole.

    Raises:
        InputError: when nothing in the file is an object, or a value that is looked for
            is one.
    """
    columns: dict[str, None] = {}
    objects = 0
    for item in _items(path, encoding, LineCount()):
        if isinstance(item, dict):
            objects += 1
            if item.keys() - columns.keys():
                columns.update(dict.fromkeys(item))
                check_width(list(columns), path.name)
    if not objects:
        raise InputError(
            f"{path.name} holds no objects of JSON. It is read when it has one object "
            'a line ({"order": 1, "price": 9.5}), or is one list of objects.'
        )
    names = list(columns)
    count = LineCount()
    table = TextTable(names, iter(()), "", count)
    return table.with_chunks(_chunks(path, sought, encoding, table))


def _chunks(
    path: Path, sought: Sought, encoding: str | None, table: TextTable
) -> Iterator[Chunk]:
    items = _items(path, encoding, table.count)
    width, numbers = len(table.columns), sought.places_of_numbers(table.columns)
    while some := list(itertools.islice(items, chunk_rows(width))):
        table.count.rows += len(some)
        records = [_record(item, table, sought, path) for item in some]
        for row, _ in records:
            mark_numbers(row or [], numbers if row else ())
        yield collect(records, width)
    table.notes.extend(note_on_fallbacks(path.name))


def _record(item: _Item, table: TextTable, sought: Sought, path: Path) -> LineOrRow:
    if isinstance(item, str):
        return None, item
    row = []
    for name in table.columns:
        value = item.get(name)
        if isinstance(value, (_Pairs, list)):
            if squeeze(name) in sought.names:
                raise InputError(
                    f"In {path.name}, the value of '{name}' is a list or an object: "
                    f"{json.dumps(_plain(value))[:120]}. Tables are read from flat "
                    "objects: export it flat, with one text or number a name, one "
                    "object per order or line of one."
                )
            value = json.dumps(_plain(value))
        row.append(_text(value))
    return row, None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, TypedNumber):
        return value
    return str(value).replace("\0", "")


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {name: _plain(inner) for name, inner in value}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _items(path: Path, encoding: str | None, count: LineCount) -> Iterator[_Item]:
    """Read objects one by one, never the whole file."""
    with open_text(path, encoding, is_json=True) as file:
        start = file.read(BLOCK_CHARACTERS)
        if start.lstrip("\ufeff \t\r\n").startswith("["):
            yield from _items_of_list(file, start, count, path)
        else:
            yield from _items_of_lines(file, start, count, path)


def _items_of_lines(
    file: TextIO, rest: str, count: LineCount, path: Path
) -> Iterator[_Item]:
    while True:
        block = file.read(BLOCK_CHARACTERS)
        *lines, rest = (rest + block).split("\n")
        if not block:
            lines.append(rest)
        elif len(rest) > LONGEST_LINE_BYTES:
            raise _too_long(path)
        for line in lines:
            text = line.strip("\ufeff \t\r")
            if text:
                count.taken += 1
                yield _object(text)
        if not block:
            return


def _items_of_list(
    file: TextIO, text: str, count: LineCount, path: Path
) -> Iterator[_Item]:
    place = text.index("[") + 1
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        if text.startswith("]", place):
            return
        try:
            found, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            block = file.read(BLOCK_CHARACTERS)
            if not block:
                raise InputError(
                    f"{path.name} is a list of JSON that breaks off or is damaged "
                    f"after {count.taken:,} objects, at: {text[place:][:60]!r}. Export "
                    "it again."
                ) from None
            if len(text) - place > LONGEST_LINE_BYTES:
                raise _too_long(path) from None
            text, place = text[place:] + block, 0
            continue
        count.taken += 1
        yield _as_item(found, text[place:end])
        place = end


def _too_long(path: Path) -> InputError:
    return InputError(
        f"{path.name} has an object or a line of more than {LONGEST_LINE_BYTES:,} "
        "characters, so it is no table. Export it flat, one object a line."
    )


def _object(text: str) -> _Item:
    try:
        return _as_item(_DECODER.decode(text), text)
    except (ValueError, RecursionError):
        return text


def _as_item(found: Any, text: str) -> _Item:
    if not isinstance(found, _Pairs):
        return text
    item = dict(found)
    return item if len(item) == len(found) else text
