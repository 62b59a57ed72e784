"""How files of other people become rows: nothing vanishes, everything is bounded.

Kinds that are tried: quotes, headers, sheets, packed files, JSON, and what is no table.
The rule: where the data decide, the product decides; where they contradict, it stops;
where they cannot tell, it says what it took.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cleaned import clean, needs_case
from real_builds import PROJECT
from trajectories.warehouse.inputs import (
    InputError,
    InputReader,
    openings,
    rows,
    workbooks,
)

NAMES = ["transaction_id", "customer_id", "transaction_date", "list_price", "brand"]
HEADER = ",".join(NAMES)


def order(number: int) -> list[str]:
    return [
        f"T{number:05d}",
        f"C{number % 20:03d}",
        f"2023-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        f"{10 + number % 7}.50",
        "Solex",
    ]


def lines(count: int, first: int = 0) -> list[str]:
    return [",".join(order(number)) for number in range(first, first + count)]


class Taken:
    """What the reader took of an input: its rows, and what it said."""

    def __init__(self, folder: Path, location: Path, table: str) -> None:
        scratch = folder / "scratch"
        scratch.mkdir(exist_ok=True)
        reader = InputReader(lambda: scratch)
        stream = reader.read(str(location), table)
        read = stream if isinstance(stream, pa.Table) else stream.read_all()
        self.rows = read.to_pylist()
        self.notes = "\n".join(reader.notes)

    @property
    def good(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["_unreadable"] is None]

    @property
    def broken(self) -> list[str]:
        return [row["_unreadable"] for row in self.rows if row["_unreadable"]]

    def values(self, column: str) -> list[Any]:
        return [row[column] for row in self.good]


def take(location: Path, table: str = "transactions") -> Taken:
    folder = location if location.is_dir() else location.parent
    return Taken(folder.parent, location, table)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def write(path: Path, content: str | bytes | list[str]) -> Path:
    if isinstance(content, list):
        content = "\n".join(content) + "\n"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(path: Path, sheets: dict[str, list[list[Any]]], hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
        if name == hidden:
            sheet.sheet_state = "veryHidden" if "very" in name else "hidden"
    book.save(path)
    return path


def stops(location: Path, table: str = "transactions") -> str:
    with pytest.raises(InputError) as caught:
        take(location, table)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert not re.search(r"Traceback|Error:|Exception|panicked", sentence)
    return sentence


# -- Quotes ---------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [1, 2, 10, 60])
@pytest.mark.parametrize("first", [0, 50, 150])
def test_two_stray_quotes_swallow_no_line(shop: Path, apart: int, first: int) -> None:
    texts = lines(240)
    texts[first] = texts[first].replace("Solex", '"Solex')
    texts[first + apart] += '"'
    taken = take(write(shop / "transactions.csv", [HEADER, *texts]))
    assert len(taken.rows) == 240
    assert taken.broken == [texts[first], texts[first + apart]]
    kept = [text for place, text in enumerate(texts) if place - first not in (0, apart)]
    assert taken.values("transaction_id") == [text[:6] for text in kept]


@pytest.mark.parametrize("column", range(5))
def test_a_stray_quote_in_any_column_swallows_no_line(shop: Path, column: int) -> None:
    table = [order(number) for number in range(240)]
    for number in (50, 61):
        table[number][column] = '"' + table[number][column]
    taken = take(write(shop / "transactions.csv", [HEADER, *map(",".join, table)]))
    assert len(taken.rows) == 240
    assert len(taken.good) == 238
    for number in (100, 111):
        table[number][column] = table[number][column] + '"'
    taken = take(write(shop / "transactions.csv", [HEADER, *map(",".join, table)]))
    assert len(taken.rows) == 240
    assert len(taken.good) >= 236


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("share", [0.01, 0.9])
def test_texts_of_several_lines_are_one_value(
    shop: Path, place: int, share: float
) -> None:
    chance = random.Random(place)
    names = [*NAMES[:4]]
    names.insert(place, "brand")
    expected, texts = [], []
    for number in range(500):
        note = "plain"
        if chance.random() < share:
            note = "\n".join(
                chance.choice(
                    ["4 Mill Lane", "Flat 5, 2nd floor", "York, YO1 7HH", "", 'a ""b""']
                )
                for _ in range(chance.randint(2, 5))
            )
        row = order(number)[:4]
        row.insert(place, f'"{note}"')
        expected.append(note.replace('""', '"') or None)
        texts.append(",".join(row))
    taken = take(write(shop / "transactions.csv", [",".join(names), *texts]))
    assert taken.broken == []
    assert taken.values("brand") == expected
    assert len(taken.values("transaction_id")) == 500


def test_texts_of_several_lines_and_stray_quotes_in_one_file(shop: Path) -> None:
    texts = lines(300)
    for number in range(0, 300, 7):
        texts[number] = texts[number].replace("Solex", '"Solex,\nof Paris, 1920"')
    for number in (50, 62, 101, 102, 201, 230):
        texts[number] = texts[number].replace("Solex", '"Solex')
    taken = take(write(shop / "transactions.csv", [HEADER, *texts]))
    ids = [row["transaction_id"] or row["_unreadable"][:6] for row in taken.rows]
    assert ids == [f"T{number:05d}" for number in range(300)]
    assert len(taken.broken) == 6
    assert taken.values("brand").count("Solex,\nof Paris, 1920") == 43


@pytest.mark.parametrize("seed", range(60))
def test_no_row_is_swallowed_whatever_quotes_do(shop: Path, seed: int) -> None:
    """Texts of several lines and stray quotes anywhere, in shares up to a half."""
    chance = random.Random(seed)
    separator = chance.choice(",;\t|")
    place, long_share = chance.choice([0, 2, 4]), chance.choice([0, 0.02, 0.5])
    stray_share = chance.choice([0.005, 0.02, 0.1])
    names = [*NAMES[:4]]
    names.insert(place, "brand")
    texts, whole = [separator.join(names)], []
    for number in range(chance.choice([30, 240, 800])):
        row = order(number)[:4]
        row.insert(place, chance.choice(["Road", "Road bike", "", "5 in", "o'k"]))
        if chance.random() < long_share:
            parts = ["Hello", "Flat 5, 2nd floor", "12 Mill Lane, York", "", 'a ""b""']
            note = "\n".join(chance.choices(parts, k=chance.randint(2, 5)))
            row[place] = f'"{note}"'
        elif chance.random() < stray_share:
            column = chance.randrange(5)
            at = chance.choice([0, 1, len(row[column])])
            row[column] = f'{row[column][:at]}"{row[column][at:]}'
            texts.append(separator.join(row))
            continue
        texts.append(separator.join(row))
        whole.append(order(number)[0])
    taken = take(write(shop / "transactions.csv", texts))
    ids = taken.values("transaction_id")
    assert not set(whole) - set(ids)
    assert len(set(ids)) == len(ids)
    found = "".join(json.dumps(row) for row in taken.rows).replace('\\"', "")
    assert all(f"T{number:05d}" in found for number in range(len(whole)))
    swallowed = re.compile(r"T\d{5}")
    assert not any(swallowed.search(text or "") for text in taken.values("brand"))


def test_a_number_with_a_line_end_behind_it(shop: Path) -> None:
    texts = [text.replace(".50", '.50\n"').replace(",1", ',"1') for text in lines(9)]
    taken = take(write(shop / "transactions.csv", [HEADER, *texts]))
    assert taken.broken == []
    assert [value.strip() for value in taken.values("list_price")] == [
        order(number)[3] for number in range(9)
    ]


def test_addresses_of_several_lines_are_no_customers(shop: Path) -> None:
    texts = [f'{n},"{n} Mill Lane\nYork, Yorkshire"' for n in range(1, 200)]
    write(shop / "customer_addresses.csv", ["customer_id,address", *texts])
    taken = take(shop / "customer_addresses.csv", "customer_addresses")
    assert taken.values("customer_id") == [str(n) for n in range(1, 200)]


def test_a_quote_that_is_never_closed_breaks_its_line_only(shop: Path) -> None:
    texts = lines(30_000)
    texts[17] = texts[17].replace("Solex", '"Solex')
    taken = take(write(shop / "transactions.csv", [HEADER, *texts]))
    assert len(taken.rows) == 30_000
    assert taken.broken == [texts[17]]


# -- Lines ----------------------------------------------------------------------------


def test_every_line_is_accounted_for(shop: Path, monkeypatch: Any) -> None:
    texts = [HEADER, "", *lines(9), ",,,,", "x,y"]
    assert len(take(write(shop / "transactions.csv", texts)).rows) == 10
    kept = rows.collect
    monkeypatch.setattr(
        "trajectories.warehouse.inputs.text_files.collect",
        lambda records, width: kept(list(records)[1:], width),
    )
    path = write(shop / "transactions.csv", [*texts, ""])
    assert "10 rows (9 of them written)" in stops(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "mixed"])
@pytest.mark.parametrize("last", ["end", ""])
def test_line_ends_of_every_kind(shop: Path, end: str, last: str) -> None:
    texts = [HEADER, *lines(100)]
    ends = ["\n", "\r\n", "\r"] if end == "mixed" else [end]
    content = "".join(text + ends[n % len(ends)] for n, text in enumerate(texts))
    path = write(shop / "transactions.csv", content if last else content.rstrip())
    assert take(path).values("list_price") == [order(n)[3] for n in range(100)]


@pytest.mark.parametrize("joint", ["", "\ufeff", "\n", "\r\n\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_joined_by_cat(shop: Path, joint: str, encoding: str) -> None:
    """The second file has its own header and byte order mark; no line end before."""
    one = "\n".join([HEADER, *lines(40)])
    two = "\n".join([HEADER, *lines(40, 40)])
    content = (one + joint + two).encode(encoding)
    if encoding == "utf-16":
        content = codecs.BOM_UTF16_LE + (one + joint + two).encode("utf-16-le")
    taken = take(write(shop / "transactions.csv", content))
    assert taken.values("transaction_id") == [f"T{n:05d}" for n in range(80)]
    assert taken.broken == []
    assert "repeats the header" in taken.notes


def test_blank_lines_columns_and_zero_bytes(shop: Path) -> None:
    texts = [f"{text},,," for text in lines(50)]
    content = "\n\n".join([f"{HEADER},,,", *texts, ",,,,,,,"]) + "\n" + "\0" * 5000
    taken = take(write(shop / "transactions.csv", content))
    assert len(taken.good) == len(taken.rows) == 50
    assert "5,000 zero bytes" in taken.notes


def test_bytes_that_are_not_utf_8_are_said(shop: Path) -> None:
    text = "\n".join([HEADER, *lines(5)]).replace("Solex", "Vélo")
    taken = take(write(shop / "transactions.csv", text.encode("cp1252")))
    assert set(taken.values("brand")) == {"Vélo"}
    assert "5 bytes were read as Windows-1252 (such as in 'Vélo')" in taken.notes
    assert take(write(shop / "transactions.csv", text)).notes == ""


@pytest.mark.parametrize(
    "encoding", ["utf-32", "utf-32-le", "utf-32-be", "utf-16-be", "utf-16-le"]
)
def test_wide_encodings_are_read(shop: Path, encoding: str) -> None:
    content = "\n".join([HEADER, *lines(30)]).encode(encoding)
    assert len(take(write(shop / "transactions.csv", content)).good) == 30


# -- Headers --------------------------------------------------------------------------


def test_a_header_that_looks_better_further_down_is_a_row(shop: Path) -> None:
    texts = lines(240)
    texts[29] = "transaction_id,customer_id,transaction_date,list_price,quantity"
    header = "transaction_id,customer_id,transaction_date,list_price,note"
    taken = take(write(shop / "transactions.csv", [header, *texts]))
    assert (len(taken.rows), len(taken.good)) == (240, 239)
    assert "Row 30 of transactions.csv looks like another header" in taken.notes
    assert "quantity" in taken.notes


def test_a_header_with_its_columns_in_another_order_stops(shop: Path) -> None:
    other = "customer_id,transaction_id,transaction_date,list_price,brand"
    texts = [HEADER, *lines(70), other, *lines(5)]
    sentence = stops(write(shop / "transactions.csv", texts))
    assert "Row 71 of transactions.csv is a header" in sentence
    assert "another order" in sentence


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_rows_above_the_header_stop(shop: Path, suffix: str) -> None:
    table = [*map(order, range(20)), NAMES, *map(order, range(20, 40))]
    if suffix == "csv":
        path = write(shop / "transactions.csv", list(map(",".join, table)))
    else:
        path = workbook(shop / "transactions.xlsx", {"transactions": table})
    assert "above" in stops(path)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_titles_above_the_header_are_no_rows(shop: Path, suffix: str) -> None:
    titles = [["Brand"], ["From", "2018-01-01", "to", "2018-12-31"], ["Orders: 20"]]
    table = [*titles, NAMES, *map(order, range(20))]
    if suffix == "csv":
        path = write(shop / "transactions.csv", list(map(",".join, table)))
    else:
        path = workbook(shop / "transactions.xlsx", {"transactions": table})
    assert take(path).values("transaction_id") == [f"T{n:05d}" for n in range(20)]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("second", ["brand", "BRAND", "Brand "])
def test_a_column_twice_with_other_values_stops(
    shop: Path, suffix: str, second: str
) -> None:
    table = [[*order(n), "Solex"] for n in range(50)]

    def written() -> Path:
        cells = [[*NAMES, second], *table]
        if suffix == "csv":
            return write(shop / "transactions.csv", list(map(",".join, cells)))
        return workbook(shop / "transactions.xlsx", {"transactions": cells})

    assert take(written()).values("brand") == ["Solex"] * 50
    table[30][5] = ""
    assert take(written()).values("brand") == ["Solex"] * 50
    table[40][5] = "Other"
    sentence = stops(written())
    assert "more than one column for brand" in sentence
    assert "'Solex' and 'Other'" in sentence
    mapping = write(
        shop / "shop.yml",
        f"transactions:\n  path: transactions.{suffix}\n  columns:\n"
        + "".join(f"    {name}: {name}\n" for name in NAMES[:4])
        + "    brand: brand_1\n"
        + f"    product_line: '\"{second.strip()}_2\"'\n",
    )
    taken = take(mapping)
    assert (taken.good[40]["brand"], taken.good[40]["product_line"]) == (
        "Solex",
        "Other",
    )


def test_two_names_of_one_column_with_the_same_values(shop: Path) -> None:
    path = shop / "transactions.csv"
    texts = [f"{text},{text.split(',')[3]}" for text in lines(20)]
    write(path, [f"{HEADER},List Price", *texts])
    assert len(take(path).good) == 20
    write(path, [f"{HEADER},List Price", *texts, ",".join([*order(20), "1"])])
    assert "more than one column for list_price" in stops(path)


def test_a_repeated_column_that_is_not_read_matters_not(shop: Path) -> None:
    texts = [f"{text},{n},{n + 1}" for n, text in enumerate(lines(20))]
    taken = take(write(shop / "transactions.csv", [f"{HEADER},note,note", *texts]))
    assert len(taken.good) == 20


# -- Sheets ---------------------------------------------------------------------------


def sheet(first: int, count: int = 20) -> list[list[Any]]:
    return [NAMES, *map(order, range(first, first + count))]


def test_a_sheet_for_each_year(shop: Path) -> None:
    pages: dict[str, list[list[Any]]] = {"Notes": [["Hello"]]}
    pages |= {"2016": sheet(0), "2017": sheet(20), "Pivot": [["brand", "sum"], [1, 2]]}
    taken = take(workbook(shop / "orders.xlsx", pages))
    assert len(taken.good) == 40
    assert "2 sheets of orders.xlsx have the columns" in taken.notes
    assert "'2016', '2017'" in taken.notes
    pages["2017"] = [[*NAMES, "more"], [*order(1), 1]]
    assert "sheet '2017' of orders.xlsx" in stops(workbook(shop / "orders.xlsx", pages))


def test_sheets_with_like_names(shop: Path) -> None:
    pages = {"Orders 2016": sheet(0), "Orders 2017": sheet(20)}
    taken = take(workbook(shop / "shop.xlsx", pages))
    assert len(taken.good) == 40
    assert "'Orders 2016', 'Orders 2017'" in taken.notes
    pages = {"Orders": sheet(0), "Orders archive": sheet(20)}
    taken = take(workbook(shop / "shop.xlsx", pages))
    assert len(taken.good) == 20
    assert "'Orders' was read as transactions, and 'Orders archive' not" in taken.notes


@pytest.mark.parametrize("name", ["transactions", "transactions (very)"])
def test_a_hidden_sheet_gives_way_to_a_visible_one(shop: Path, name: str) -> None:
    pages = {"Orders": sheet(0, 40), name: sheet(0, 10)}
    taken = take(workbook(shop / "transactions.xlsx", pages, hidden=name))
    assert len(taken.good) == 40
    assert f"'{name}' (hidden) not" in taken.notes
    pages = {"Sheet1": sheet(0, 40), name: sheet(0, 10)}
    taken = take(workbook(shop / "transactions.xlsx", pages, hidden=name))
    assert len(taken.good) == 40
    assert "Hidden sheets of transactions.xlsx" in taken.notes
    pages = {"Chart": [["x"]], name: sheet(0, 10)}
    taken = take(workbook(shop / "transactions.xlsx", pages, hidden=name))
    assert len(taken.good) == 10
    assert "hidden" in taken.notes


def test_sheets_are_named_in_a_mapping(shop: Path) -> None:
    workbook(shop / "book.xlsx", {"a": sheet(0), "b": sheet(20), "2018": sheet(40)})
    mapping = write(shop / "m.yml", "transactions: {path: book.xlsx, sheet: [b, 2018]}")
    assert take(mapping).values("transaction_id")[0] == "T00020"
    assert len(take(mapping).good) == 40
    assert take(mapping).notes == ""


def test_lookup_errors_in_cells_are_missing_values(shop: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "transactions"
    for row in sheet(0):
        book.active.append(row)
    errors = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
    for place, error in enumerate(errors, start=2):
        for column in (2, 4, 5):
            cell = book.active.cell(place, column)
            cell.value, cell.data_type = error, "e"
    book.save(shop / "transactions.xlsx")
    taken = take(shop / "transactions.xlsx")
    assert taken.values("list_price")[: len(errors)] == [None] * len(errors)
    assert taken.values("brand")[: len(errors)] == [None] * len(errors)
    assert clean(shop).reasons() == {"null_customer": len(errors)}


# -- Which files ----------------------------------------------------------------------


def test_files_that_are_not_read_are_named(shop: Path) -> None:
    write(shop / "transactions.csv", [HEADER, *lines(5)])
    write(shop / "orders_2017.csv", [HEADER, *lines(5, 5)])
    write(shop / "invoices.csv", [HEADER, *lines(5, 5)])
    write(shop / "orders.csv.bz2", b"x")
    write(shop / "notes.pdf", b"x")
    workbook(shop / "transactions.xlsx", {"transactions": sheet(0)})
    notes = take(shop).notes
    for name in ("orders_2017.csv", "invoices.csv", "orders.csv.bz2"):
        assert name in notes
    assert "transactions.xlsx" in notes
    assert "notes.pdf" not in notes
    assert "transactions.csv as transactions" in notes
    write(shop / "transactions.parquet", b"x")
    assert "More than one file" in stops(shop)


def test_all_files_read_leave_nothing_to_say(shop: Path) -> None:
    write(shop / "orders.csv", [HEADER, *lines(5)])
    write(shop / "customers.csv", ["customer_id,gender", "C001,F"])
    (shop / "web_sessions").mkdir()
    write(shop / "web_sessions" / "1.csv", ["customer_id,session_started_at", "1,2"])
    write(shop / "web_sessions" / "_1.csv", b"left by a writer")
    write(shop / "web_sessions" / "._1.csv", b"left by a system")
    assert take(shop).notes == ""
    assert len(take(shop, "web_sessions").good) == 1


# -- JSON and archives ----------------------------------------------------------------


def objects(count: int) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, order(n), strict=True)) for n in range(count)]


@pytest.mark.parametrize("name", ["orders.jsonl", "orders.ndjson", "orders.json"])
@pytest.mark.parametrize("packing", ["", ".gz", ".zip"])
def test_json_is_read(shop: Path, name: str, packing: str) -> None:
    content = "\n".join(map(json.dumps, objects(50)))
    if name.endswith(".json"):
        content = json.dumps(objects(50), indent=1)
    path = shop / f"{name}{packing}"
    if packing == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
    else:
        write(path, gzip.compress(content.encode()) if packing else content)
    taken = take(shop)
    assert [row["transaction_date"] for row in taken.good] == [
        order(n)[2] for n in range(50)
    ]


def test_values_of_json_keep_their_text(shop: Path) -> None:
    write(
        shop / "orders.jsonl",
        '{"transaction_id": 12345678901234567890, "customer_id": "007", '
        '"transaction_date": "2018-01-13", "list_price": 10.10, "meta": {"a": [1.0]}}\n'
        '{"transaction_id": 2, "customer_id": null, "list_price": NaN, '
        '"online_order": true, "transaction_date": "2018-01-13"}\n'
        "\n"
        '{"transaction_id": 3, "transaction_id": 4}\n'
        '{"transaction_id": 5, "custo\n',
    )
    taken = take(shop)
    assert taken.values("transaction_id") == ["12345678901234567890", "2"]
    assert taken.values("customer_id") == ["007", None]
    assert taken.values("list_price") == ["10.10", None]
    assert taken.values("online_order") == [None, "true"]
    assert taken.broken == [
        '{"transaction_id": 3, "transaction_id": 4}',
        '{"transaction_id": 5, "custo',
    ]


def test_json_is_read_in_parts(shop: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("trajectories.warehouse.inputs.json_files.BLOCK_CHARACTERS", 64)
    for content in (
        json.dumps(objects(30)),
        "\n".join(map(json.dumps, objects(30))),
        "\ufeff " + json.dumps(objects(30), indent=4),
    ):
        taken = take(write(shop / "orders.json", content))
        assert taken.values("transaction_id") == [f"T{n:05d}" for n in range(30)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"transaction_id": 1, "list_price": {"a": 1}}', "a list or an object"),
        ('{"orders": [{"transaction_id": 1}]}', "no column transaction_id"),
        ('[{"transaction_id": 1}, {"transaction', "breaks off or is damaged after 1"),
        ("[" * 100_000, "breaks off or is damaged"),
        ("[1, 2, 3]", "no objects of JSON"),
        ("[]", "no objects of JSON"),
        ("transaction_id,customer_id\n1,2\n", "no objects of JSON"),
        ('[{"a": "' + "x" * 3_000_000, "more than 1,000,000 characters"),
        ("{" + ",".join(f'"{n}": 1' for n in range(3000)) + "}", "3,000 columns"),
    ],
)
def test_sentences_for_json(shop: Path, content: str, expected: str) -> None:
    assert expected in stops(write(shop / "orders.json", content))


def archive(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def test_a_zipped_table_is_read(shop: Path) -> None:
    text = "\n".join([HEADER, *lines(20)])
    archive(
        shop / "orders.csv.zip",
        {"export/": "", "export/o.csv": text, "__MACOSX/o.csv": "x", ".x": "x"},
    )
    assert len(take(shop).good) == 20
    assert len(take(archive(shop / "orders.csv.zip", {"a": text})).good) == 20
    sentence = stops(archive(shop / "orders.csv.zip", {"a.csv": text, "b.csv": text}))
    assert "holds 2 files: a.csv, b.csv" in sentence
    assert "holds 0 files" in stops(archive(shop / "orders.csv.zip", {}))
    write(shop / "orders.csv.zip", b"PK\x03\x04 and no more")
    assert "can't be unpacked" in stops(shop)
    content = archive(shop / "orders.csv.zip", {"a.csv": text}).read_bytes()
    write(shop / "orders.csv.zip", content[:-30])
    assert "can't be unpacked" in stops(shop)


# -- What is no table, and what is too much -------------------------------------------


def book_bytes() -> bytes:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


def parquet_bytes() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({name: ["1"] * 5000 for name in NAMES}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("orders.csv", b"%PDF-1.7 ...", "it is a PDF"),
        ("orders.csv", b"\x89PNG\r\n\x1a\n ...", "it is a picture"),
        ("orders.csv", book_bytes, "it is a workbook or another zip archive"),
        ("orders.csv", parquet_bytes, "it is Parquet"),
        ("orders.csv", b"\xd0\xcf\x11\xe0 ...", "workbook of the old kind"),
        ("orders.csv", b"SQLite format 3\0...", "an SQLite database"),
        ("orders.csv", b"<!DOCTYPE html><html>Log in</html>", "a web page"),
        ("orders.csv", b'{"transaction_id": 1}\n', "holds JSON"),
        ("orders.csv", b'[\n {"transaction_id": 1}]', "holds JSON"),
        ("orders.csv", random.Random(1).randbytes(9000), "no text"),
        ("orders.tsv.gz", random.Random(1).randbytes(9000), "packed"),
        ("orders.csv.gz", gzip.compress(b"a,b\n1,2\n" * 9000)[:-40], "breaks off"),
        ("orders.xls", b"<html><table><tr><td>1</td></tr></table>", "a web page"),
        ("orders.xls", b"transaction_id\tcustomer_id\n1\t2\n", "it is text"),
        ("orders.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 2000, "password"),
        ("orders.xlsx", b"PK\x03\x04" + b"\0" * 2000, "damaged"),
        ("orders.parquet", b"transaction_id\n1\n", "no Parquet file"),
        ("orders.parquet", lambda: parquet_bytes()[:-9], "it breaks off"),
        ("orders.parquet", b"PAR1" + b"\0" * 99 + b"PAR1", "orders.parquet"),
        ("orders.parquet", book_bytes, "a workbook or another"),
    ],
)
def test_sentences_for_what_is_no_table(
    shop: Path, name: str, content: bytes | Callable[[], bytes], expected: str
) -> None:
    write(shop / name, content if isinstance(content, bytes) else content())
    sentence = stops(shop)
    assert sentence.startswith(name)
    assert expected in sentence


def test_a_parquet_file_that_is_damaged_inside(shop: Path) -> None:
    content = bytearray(parquet_bytes())
    for place in range(60, 200):
        content[place] ^= 0xFF
    assert "orders.parquet" in stops(write(shop / "orders.parquet", bytes(content)))


def test_a_workbook_by_another_name(shop: Path) -> None:
    workbook(shop / "transactions.xlsx", {"transactions": sheet(0)})
    (shop / "transactions.xlsx").rename(shop / "transactions.xls")
    assert len(take(shop).good) == 20


def limited(path: Path) -> str:
    """Read an input in a process that may take 2 GB; return what it says."""
    code = (
        "import resource, sys, tempfile, pathlib\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3,) * 2)\n"
        "from trajectories.warehouse.inputs import InputReader, InputError\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "try:\n"
        "    rows = InputReader(lambda: folder).read(sys.argv[1], 'transactions')\n"
        "    print(sum(batch.num_rows for batch in rows))\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.parametrize("column", [4, 16384])
def test_a_cell_far_from_the_table(shop: Path, column: int) -> None:
    book = openpyxl.Workbook()
    for row in sheet(0):
        book.active.append(row)
    book.active.cell(1_048_576 if column > 4 else 200_000, column, "x")
    book.save(shop / "transactions.xlsx")
    said = limited(shop)
    if column == 4:
        assert said == "21"
    else:
        assert "reaches to column 16,384 and row 1,048,576" in said


CELL = (
    '<table:table-cell office:value-type="string"{}><text:p>{}</text:p>'
    "</table:table-cell>"
)


def repeated(what: str, times: int) -> str:
    return f' table:number-{what}-repeated="{times}"'


def blank(times: int) -> str:
    return f"<table:table-cell{repeated('columns', times)}/>" if times else ""


def spread(shop: Path, more: str = "") -> Path:
    """Write orders as an OpenDocument sheet, and further rows behind them.

    As programs do, with blank cells up to the last column and row that there can be.
    """
    rows = [
        "".join(CELL.format("", value) for value in row) + blank(16_384 - len(row))
        for row in sheet(0)
    ]
    text = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    end = f"<table:table-row{repeated('rows', 10**6)}>{blank(16_384)}</table:table-row>"
    names = " ".join(
        f'xmlns:{it}="urn:oasis:names:tc:opendocument:xmlns:{it}:1.0"'
        for it in ("office", "table", "text")
    )
    path = shop / "transactions.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            f'<table:table table:name="A &amp; B">{text}{more}{end}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def test_blank_cells_that_a_sheet_repeats_are_none(shop: Path) -> None:
    assert len(take(spread(shop)).good) == 20


@pytest.mark.parametrize(
    ("rows_above", "rows", "columns_before", "columns", "reached"),
    [
        (0, 5_000, 0, 16_384, "column 16,384 and row 5,021"),
        (4 * 10**9, 1, 0, 1, "column 5 and row 4,000,000,022"),
        (0, 2_000_000, 0, 1, "column 5 and row 2,000,021"),
        (0, 1, 20_000, 1, "column 20,001 and row 22"),
    ],
)
def test_cells_that_a_sheet_repeats_are_bounded(
    rows_above: int,
    rows: int,
    columns_before: int,
    columns: int,
    reached: str,
    shop: Path,
) -> None:
    gap = f"<table:table-row{repeated('rows', rows_above)}>{blank(1)}</table:table-row>"
    cells = blank(columns_before) + CELL.format(repeated("columns", columns), "x")
    more = f"<table:table-row{repeated('rows', rows)}>{cells}</table:table-row>"
    said = stops(spread(shop, gap + more if rows_above else more))
    assert f"Sheet 'A & B' of transactions.ods reaches to {reached}" in said


def test_a_cell_far_from_the_table_on_another_sheet(shop: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "transactions"
    for row in sheet(0):
        book.active.append(row)
    book.create_sheet("Notes").cell(1_048_576, 16384, "x")
    book.save(shop / "transactions.xlsx")
    assert limited(shop) == "20"


def test_too_many_columns(shop: Path) -> None:
    wide = ",".join(f"c{n}" for n in range(100_000))
    path = write(shop / "transactions.csv", [f"{HEADER},{wide}", *lines(5)])
    assert "100,005 columns; at most 2,000 are read" in stops(path)
    blank = "," * 16_000
    path = write(
        shop / "transactions.csv", [text + blank for text in [HEADER, *lines(5)]]
    )
    assert len(take(path).good) == 5


def test_a_line_without_end_is_not_held(shop: Path) -> None:
    with gzip.open(shop / "transactions.csv.gz", "wb") as file:
        file.write(f"{HEADER}\n".encode())
        for _ in range(200):
            file.write(b"1" * 1_000_000)
    said = limited(shop)
    assert "has a line of more than 1,000,000 bytes" in said


def test_a_packed_file_that_grows_without_end(shop: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(openings, "UNPACKED_BYTES", 1_000_000)
    monkeypatch.setattr(workbooks, "UNPACKED_BYTES", 1_000_000)
    text = f"{HEADER}\n" + f"{lines(1)[0]}\n" * 200_000
    write(shop / "transactions.csv.gz", gzip.compress(text.encode()))
    assert "more than 200 times its size" in stops(shop)
    (shop / "transactions.csv.gz").unlink()
    archive(shop / "transactions.csv.zip", {"a.csv": text})
    assert "more than 200 times its size" in stops(shop)
    (shop / "transactions.csv.zip").unlink()
    archive(shop / "transactions.xlsx", {"xl/workbook.xml": "0" * 9_000_000})
    assert "more than 200 times its size" in stops(shop)


def test_a_reason_is_given_once(shop: Path) -> None:
    reader = InputReader(lambda: shop)
    said = []
    for table in ("transactions", "customer_demographics", "web_sessions"):
        with pytest.raises(InputError) as caught:
            reader.read(str(shop / "nowhere"), table)
        said.append(str(caught.value))
    assert "doesn't exist" in said[0]
    assert said[1:] == [
        "customer_demographics: for the reason given for transactions.",
        "web_sessions: for the reason given for transactions.",
    ]


# -- Shared cases ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "read", "accepted", "revenue"),
    [
        ("34-json-lines", 2, 2, 30.0),
        ("51-one-line-names-several-sheets", 9, 9, 180.0),
        ("row_that_looks_like_a_better_header", 240, 239, 24_539.90),
        ("unbalanced_quotes_twice", 240, 238, 24_406.33),
        ("workbook_hidden_sheet", 240, 240, 24_612.38),
    ],
)
def test_case_loses_no_row(case: str, read: int, accepted: int, revenue: float) -> None:
    cleaned = clean(needs_case(case))
    assert not cleaned.stops
    assert cleaned.read_rows() == read
    assert len(cleaned.orders) == accepted
    assert cleaned.revenue == revenue
    assert sum(cleaned.reasons().values()) == read - accepted


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("duplicate_header_other_values", "more than one column for list_price"),
        ("workbook_far_cell", "a cell far beyond its table"),
    ],
)
def test_case_ends_with_a_sentence(case: str, sentence: str) -> None:
    (stop,) = clean(needs_case(case)).stops
    assert sentence in stop
