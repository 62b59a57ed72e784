"""A further format of files is a reader and an entry of the registry, nothing else."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from trajectories.warehouse.inputs import InputError, InputReader
from trajectories.warehouse.inputs.formats import FORMATS, Format
from trajectories.warehouse.inputs.rows import (
    LineCount,
    TextTable,
    TypedNumber,
    collect,
)

ROWS = {
    "transaction_id": ["T1", "T2", "T3"],
    "customer_id": ["C1", "C2", None],
    "transaction_date": ["2023-01-01", "2023-01-02", "2023-01-03"],
    "list_price": [Decimal("10.50"), Decimal("12.000"), Decimal("7.25")],
}


def open_arrow(file: Path, sought, source):
    """Read an Arrow file whole, which is enough for a test."""
    table = pa.ipc.open_file(file).read_all()
    count = LineCount(taken=table.num_rows, rows=table.num_rows)
    places = sought.places_of_numbers(table.column_names)

    def text(value, place):
        if value is None:
            return ""
        return TypedNumber(value).marked() if place in places else str(value)

    rows = [
        ([text(value, place) for place, value in enumerate(row.values())], None)
        for row in table.to_pylist()
    ]
    chunks = iter([collect(rows, table.num_columns)])
    yield file.name, TextTable(table.column_names, chunks, "", count)


def write_arrow(path: Path, rows: dict[str, list]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(rows)
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    return path


def read(location: Path, folder: Path) -> list[dict]:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return (
        InputReader(lambda: scratch)
        .read(str(location), "transactions")
        .read_all()
        .to_pylist()
    )


@pytest.fixture
def arrow(monkeypatch):
    further = Format("Arrow", (".arrow", ".feather"), open_arrow)
    monkeypatch.setitem(FORMATS, "arrow", further)


@pytest.mark.parametrize("name", ["Transactions.arrow", "transactions.FEATHER"])
def test_a_folder_has_a_table_of_a_further_format(arrow, tmp_path, name):
    write_arrow(tmp_path / "shop" / name, ROWS)
    found = read(tmp_path / "shop", tmp_path)
    assert [row["transaction_id"] for row in found] == ["T1", "T2", "T3"]
    assert [row["customer_id"] for row in found] == ["C1", "C2", None]
    # Numbers are known for numbers: 12.000 is no twelve thousand.
    assert [float(row["list_price"]) for row in found] == [10.5, 12, 7.25]


def test_parts_of_a_further_format_are_joined(arrow, tmp_path):
    for part in "ab":
        rows = ROWS | {"transaction_id": [f"{part}{n}" for n in range(3)]}
        write_arrow(tmp_path / "shop" / "transactions" / f"{part}.arrow", rows)
    found = read(tmp_path / "shop", tmp_path)
    assert [row["transaction_id"] for row in found] == [
        *("a0", "a1", "a2"),
        *("b0", "b1", "b2"),
    ]


def test_a_mapping_names_a_file_of_a_further_format(arrow, tmp_path):
    write_arrow(tmp_path / "orders.feather", ROWS)
    mapping = tmp_path / "shop.yml"
    mapping.write_text(
        "transactions:\n  path: orders.feather\n  columns:\n"
        "    list_price: list_price * 2\n"
        + "".join(f"    {name}: {name}\n" for name in list(ROWS)[:3])
    )
    found = read(mapping, tmp_path)
    assert [float(row["list_price"]) for row in found] == [21, 24, 14.5]


def test_a_sentence_on_an_unknown_ending_lists_a_further_format(tmp_path, request):
    (tmp_path / "orders.pdf").write_bytes(b"%PDF")
    (tmp_path / "shop.yml").write_text("transactions: {path: orders.pdf}")
    with pytest.raises(InputError, match=r"which isn't CSV, TSV, .*Parquet or a work"):
        read(tmp_path / "shop.yml", tmp_path)
    request.getfixturevalue("arrow")
    with pytest.raises(InputError, match=r"a workbook \(.*\) or Arrow. Export it"):
        read(tmp_path / "shop.yml", tmp_path)


def test_without_its_entry_such_a_file_is_not_read(tmp_path):
    write_arrow(tmp_path / "shop" / "transactions.arrow", ROWS)
    with pytest.raises(InputError, match=r"No file in .* is named like transactions"):
        read(tmp_path / "shop", tmp_path)


def test_no_ending_is_of_two_formats():
    endings = [ending for one in FORMATS.values() for ending in one.endings]
    assert len(endings) == len(set(endings))
    assert all(ending == ending.lower() and ending[0] == "." for ending in endings)
