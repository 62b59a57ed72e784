"""Mappings that other people write: what they mean is what is read, or a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cleaned import clean, needs_case

from warehouse.inputs import InputError, InputReader

BASIC = """transaction_id: Order No
customer_id: Customer
transaction_date: Date
list_price: Price"""
ORDERS = "Order No,Customer,Date,Price\n1,A,2018-01-13,10\n2,B,2018-03-30,20\n"


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def mapped(
    folder: Path, columns: str, more: str = "", path: str = "orders.csv"
) -> Path:
    """Write a mapping of transactions with these columns and other settings."""
    lines = "".join(f"    {line}\n" for line in columns.strip().splitlines())
    text = f"transactions:\n  path: {path}\n{more}  columns:\n{lines}"
    return write(folder, "shop.yml", text)


class Read:
    """The rows of a mapping's transactions as they were read, and what was said."""

    def __init__(self, folder: Path, source: Path, connect: Any = None) -> None:
        scratch = folder / "scratch"
        scratch.mkdir(exist_ok=True)
        reader = InputReader(lambda: scratch, connect)
        stream = reader.read(str(source), "transactions")
        self.rows = pa.Table.from_batches(stream, stream.schema).to_pylist()
        self.said = "\n".join(reader.notes)

    def __getitem__(self, column: str) -> list[Any]:
        return [row[column] for row in self.rows]


def sentence(folder: Path, source: Path, connect: Any = None) -> str:
    with pytest.raises(InputError) as error:
        Read(folder, source, connect)
    text = str(error.value)
    assert "Error:" not in text.split("computed on")[0], text
    assert text.endswith(".")
    return text


# -- The shared cases -----------------------------------------------------------------


def test_case_20_names_the_setting_and_says_to_quote_it() -> None:
    folder = needs_case("20-yaml-no-and-hash")
    (said,) = clean(folder / "no.yml").stops
    assert "transactions.customer_id is No" in said
    assert 'customer_id: "No"' in said
    (said,) = clean(folder / "hash.yml").stops
    assert "transactions.transaction_id is Order" in said
    assert 'transaction_id: "Order #"' in said


@pytest.mark.parametrize("name", ["glob.yml", "glob_lines.yml"])
def test_case_21_merges_the_orders_that_are_in_both_files(name: str) -> None:
    cleaned = clean(needs_case("21-overlapping-exports") / name)
    assert (len(cleaned.orders), cleaned.revenue) == (5, 100.0)
    assert cleaned.reasons() == {"exact_duplicate": 2}
    assert cleaned.stops == ()


@pytest.mark.parametrize("name", ["my_shop.yml", "bare.yml", "dn.yml", "number.yml"])
def test_case_58_holds_the_sign_that_the_mapping_gives(name: str) -> None:
    cleaned = clean(needs_case("58-remedy-for-thousands") / name)
    assert cleaned.revenue == 8480.0
    assert cleaned.stops == ()


def test_case_59_leaves_rows_out_and_counts_them() -> None:
    cleaned = clean(needs_case("59-fees-and-shipping-as-lines") / "my_shop.yml")
    assert cleaned.revenue == 30.0
    assert cleaned.reasons() == {"left_out_by_mapping": 2}
    assert cleaned.read_rows() == 4
    assert "2 of 4 rows of orders.csv are left out" in cleaned.said
    assert cleaned.stops == ()
    rows = [row["raw_row"] for row in cleaned.tables["rejected"]]
    assert any('"list_price":"5"' in row for row in rows)


def test_case_relation_copy_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (said,) = clean(needs_case("relation_copy") / "m.yml").stops
    assert "isn't the name of one table or view" in said
    assert list(tmp_path.iterdir()) == []


def test_case_var_decimal_separator_in_capitals() -> None:
    folder = needs_case("var_decimal_separator_in_capitals")
    cleaned = clean(folder, decimal_separator="Comma")
    assert cleaned.stops == ()
    assert cleaned.revenue == clean(folder).revenue
    assert 1_000 < cleaned.revenue < 100_000


def test_case_headers_of_internal_names() -> None:
    cleaned = clean(needs_case("headers_of_internal_names"))
    assert len(cleaned.orders) == 240
    assert cleaned.stops == ()
