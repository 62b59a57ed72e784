"""Rewrites files of any format but Parquet as one Parquet file of text columns.

Every later step then has one engine, can look at whole columns, and fails before a
table is being built rather than amid it.
"""

from __future__ import annotations

import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from trajectories.warehouse.inputs.contract import (
    SOURCE_FILE,
    SOURCE_ROW,
    UNREADABLE,
    InputError,
    input_column,
    listing,
    squeeze,
)
from trajectories.warehouse.inputs.formats import format_of
from trajectories.warehouse.inputs.mappings import TEMPLATE
from trajectories.warehouse.inputs.openings import beginning, what_begins
from trajectories.warehouse.inputs.rows import Chunk, Sought, TextTable
from trajectories.warehouse.inputs.sources import TableSource

BATCH_ROWS = 50_000


def unreadable_file(file: Path, error: Exception) -> str:
    """Say that a file can't be read, and why."""
    reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
    if isinstance(error, (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, EOFError)):
        reason = "it is damaged, breaks off, or isn't packed as its ending says"
    return (
        f"{file.name} can't be read: {reason.rstrip('.')}. Check that the file is "
        "whole, is what its ending says, and may be read by you."
    )


def check_parquet(file: Path) -> None:
    """See that a file has the frame of Parquet.

    Raises:
        InputError: when it hasn't.
    """
    start = beginning(file)
    with file.open("rb") as opened:
        opened.seek(max(file.stat().st_size - 4, 0))
        end = opened.read()
    if start.startswith(b"PAR1") and end == b"PAR1":
        return
    what = "it breaks off"
    if not start.startswith(b"PAR1"):
        what = f"it is {what_begins(start) or 'no Parquet file'}"
    raise InputError(
        f"{file.name} can't be read as Parquet: {what}. Export it again, or give it "
        "the ending of what it is."
    )


def folder_of(files: tuple[Path, ...]) -> Path:
    """Return the folder that all files are in, by the shortest way."""
    return Path(os.path.commonpath([file.parent for file in files]))


def rewrite_as_parquet(source: TableSource, sought: Sought, target: Path) -> list[str]:
    """Rewrite a source's files; return sentences on what was taken untold.

    Raises:
        InputError: when they can't be read, don't fit each other, or a line is lost.
    """
    partial = target.with_suffix(".part")
    notes: list[str] = []
    writer: pq.ParquetWriter | None = None
    number = 0
    try:
        for columns, file, chunk in _chunks(source, sought, notes):
            if writer is None:
                schema = _text_schema(columns)
                writer = pq.ParquetWriter(partial, schema, compression="lz4")
            if chunk.rows:
                batch = _batch(chunk, columns, number, file)
                writer.write_batch(batch, row_group_size=BATCH_ROWS)
                number += len(chunk.rows)
    finally:
        if writer is not None:
            writer.close()
    partial.rename(target)
    return notes


def _chunks(
    source: TableSource, sought: Sought, notes: list[str]
) -> Iterator[tuple[list[str], str, Chunk]]:
    """Read all tables of a source: columns, file and rows; an empty chunk first."""
    first: tuple[str, list[str]] | None = None
    folder = folder_of(source.files)
    open_tables = format_of(source.files[0]).open_tables
    for file in source.files:
        try:
            for name, table in open_tables(file, sought, source):
                first = first or (name, table.columns)
                if first[1] != table.columns:
                    raise InputError(
                        f"{first[0]} and {name} are both to be read as "
                        f"{source.table.name}, but have different columns: "
                        f"{listing(first[1])}; and {listing(table.columns)}. Give "
                        "them the same header."
                    )
                place, written = str(file.relative_to(folder)), 0
                if name != file.name:
                    place = f"{place} {name}"
                yield table.columns, place, Chunk([], {})
                for chunk in table.chunks:
                    _check_twins(table, chunk, sought, name, written)
                    yield table.columns, place, chunk
                    written += len(chunk.rows)
                table.count.check(name, written)
                notes += table.notes
        except (OSError, EOFError, UnicodeError, zlib.error, zipfile.BadZipFile) as it:
            raise InputError(unreadable_file(file, it)) from it


def _check_twins(
    table: TextTable, chunk: Chunk, sought: Sought, name: str, before: int
) -> None:
    """See that columns of one name, where it is looked for, don't differ.

    Raises:
        InputError: when a later one has a value that the first hasn't.
    """
    for first, other in table.twins:
        names = table.columns[first], table.columns[other]
        squeezed = [squeeze(column) for column in names]
        if squeezed[0] not in sought.names or squeezed[1] in sought.names:
            continue
        for place, row in enumerate(chunk.rows, start=before + 1):
            if row[other].strip() not in ("", row[first].strip()):
                raise InputError(
                    f"{name} has more than one column for {names[0]}, and they differ: "
                    f"in row {place:,} '{row[first]}' and '{row[other]}'. Rename one, "
                    "or say which in a mapping file: they are called "
                    f"{names[0]}_1 and {names[1]} there (copy {TEMPLATE})."
                )


def _text_schema(columns: list[str]) -> pa.Schema:
    names = [*map(input_column, columns), UNREADABLE]
    fields = [pa.field(name, pa.string()) for name in names]
    return pa.schema(
        [
            *fields,
            pa.field(SOURCE_ROW, pa.int64()),
            pa.field(SOURCE_FILE, pa.dictionary(pa.int32(), pa.string())),
        ]
    )


def _batch(chunk: Chunk, columns: list[str], number: int, file: str) -> pa.RecordBatch:
    """Turn a chunk of a file, after `number` rows, into a batch; blanks are null."""
    nothing = pa.scalar(None, pa.string())
    arrays = []
    for values in zip(*chunk.rows, strict=True):
        array = pa.array(values, pa.string())
        arrays.append(pc.if_else(pc.equal(array, ""), nothing, array))
    raw: list[str | None] = [None] * len(chunk.rows)
    for position, line in chunk.raw.items():
        raw[position] = line
    arrays.append(pa.array(raw, pa.string()))
    last = number + len(chunk.rows)
    arrays.append(pa.array(np.arange(number + 1, last + 1, dtype=np.int64)))
    places = pa.array(np.zeros(len(chunk.rows), dtype=np.int32))
    arrays.append(pa.DictionaryArray.from_arrays(places, pa.array([file])))
    return pa.RecordBatch.from_arrays(arrays, schema=_text_schema(columns))
