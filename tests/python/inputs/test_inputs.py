"""Reading of inputs: the quirks of real files, and every sentence when it fails."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import os
import re
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from macros_alone import macro_file, macros
from real_builds import PROJECT
from trajectories.warehouse.inputs import TABLES, InputError, InputReader
from trajectories.warehouse.inputs.contract import (
    match_rank,
    singular,
    snake_case,
    squeeze,
)
from trajectories.warehouse.inputs.expressions import define_macros
from trajectories.warehouse.inputs.rows import Sought
from trajectories.warehouse.inputs.text_files import read_text

SHARED = Path(
    os.environ.get("TRAJECTORIES_SHARED_DATA", PROJECT.parent / "shared" / "data")
)
SNAKE_CASE = macros("select_input")["_snake_case"]
HEADER = "transaction_id,customer_id,transaction_date,list_price\n"


def needs(path: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not (SHARED / path).exists(), reason=f"no {path} in the shared data"
    )


def read(
    folder: Path,
    location: Path | str,
    table: str = "transactions",
    connect: Any = None,
) -> list[dict[str, Any]]:
    """Read a table as dbt-duckdb would, and return its rows."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    stream = InputReader(lambda: scratch, connect).read(str(location), table)
    connection = duckdb.connect()
    connection.register("stream", stream)
    connection.execute("create table loaded as select * from stream")
    return connection.execute("from loaded").to_arrow_table().to_pylist()


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def mapped(
    folder: Path, columns: str, path: str = "orders.csv", more: str = ""
) -> Path:
    indented = "\n".join(f"    {line}" for line in columns.strip().splitlines())
    return write(
        folder,
        "shop.yml",
        f"transactions:\n  path: {path}\n{more}  columns:\n{indented}\n",
    )


def values(rows: list[dict[str, Any]], column: str) -> list[Any]:
    return [row[column] for row in rows]


# -- Names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Transaction ID", "transaction_id"),
        ("transactionId", "transaction_id"),
        ("CustomerID", "customer_id"),
        ("DOB", "dob"),
        ("list-price ", "list_price"),
    ],
)
def test_names_in_any_style_are_the_same(name: str, expected: str) -> None:
    assert snake_case(name) == expected
    assert squeeze(name) == squeeze(expected)


@given(st.text())
@example("CUSTOMERId")
@example("Größe (cm)")
@example("__Straße__")
def test_names_are_written_alike_in_python_and_in_the_macros(name: str) -> None:
    assert SNAKE_CASE(name) == snake_case(name)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("orders", "order"), ("addresses", "address"), ("address", "address")],
)
def test_singular(word: str, expected: str) -> None:
    assert singular(word) == expected


@pytest.mark.parametrize(
    ("name", "table", "rank"),
    [
        ("transactions", "transactions", 0),
        ("Transactions_Cleaned", "transactions", 1),
        ("CustomerDemographic_Cleaned", "customer_demographics", 1),
        ("CustomerAddress", "customer_addresses", 0),
        ("orders", "transactions", 2),
        ("shop-orders-2017", "transactions", 3),
        ("customers", "customer_demographics", 2),
        ("customer_orders", "customer_demographics", None),
        ("border_crossings", "transactions", None),
        ("web sessions", "web_sessions", 0),
        ("raw_experiments", "experiments", 1),
        ("raw_experiment_arms", "experiments", None),
        ("raw_experiment_arms", "experiment_arms", 1),
        ("experiment_assignments", "experiments", None),
    ],
)
def test_file_names_stand_for_tables(name: str, table: str, rank: int | None) -> None:
    assert match_rank(name, TABLES[table]) == rank


def test_the_contract_is_the_one_of_the_models() -> None:
    macro = macro_file("input_columns")
    for table in TABLES.values():
        part = macro.split(f"'{table.name}'")[1].split("},")[0]
        lists = re.findall(r"'(?:required|optional)': \[(.*?)\]", part, re.DOTALL)
        required, optional = (re.findall(r"'(\w+)'", text) for text in lists[:2])
        assert tuple(required) == table.required
        assert set(optional) == set(table.optional)
    numbers = macro.split("macro number_columns")[1]
    assert tuple(re.findall(r"'(\w+)'", numbers)) == TABLES["transactions"].numbers


def test_the_flags_that_are_checked_are_those_of_the_contract() -> None:
    model = PROJECT / "models/intermediate/findings/int_findings_of_words.sql"
    checked = model.read_text().split("set flags = {")[1].split("} %}")[0]
    for table in TABLES.values():
        part = checked.partition(f"'{table.name}'")[2].partition("]")[0]
        assert tuple(re.findall(r"'(\w+)'", part)) in (
            table.flags,
            tuple(reversed(table.flags)),
        )


# -- Text files -----------------------------------------------------------------------


def test_everything_is_text_and_extra_columns_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "Transactions_Cleaned.csv",
        "Transaction ID,customerId,TRANSACTION_DATE,List Price,DOB,Profit\n"
        "0001,007,2017-02-25,71.50,,3\n",
    )
    (row,) = read(tmp_path, tmp_path)
    own = ["_unreadable", "_left_out", "_source_row"]
    assert list(row) == [*TABLES["transactions"].columns, *own]
    assert {name: value for name, value in row.items() if value is not None} == {
        "transaction_id": "0001",
        "customer_id": "007",
        "transaction_date": "2017-02-25",
        "list_price": "71.50",
        "_source_row": 1,
    }


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(tmp_path: Path, separator: str) -> None:
    header = separator.join(
        ["transaction_id", "customer_id", '"transaction_date"', "list_price"]
    )
    write(tmp_path, "orders.txt", f"{header}\n" + separator.join("1234") + "\n")
    rows = read(tmp_path, tmp_path)
    assert values(rows, "list_price") == ["4"]


def test_a_separator_in_quotes_does_not_mislead(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        '"a,b,c,d,e,f,g";transaction_id;customer_id;transaction_date;list_price\n'
        '"x,y";1;2;3;4,50\n',
    )
    assert values(read(tmp_path, tmp_path), "list_price") == ["4,50"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "utf-16-le"]
)
def test_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    text = HEADER.strip() + ",brand\n1,2,2017-01-01,3,Vélo Münch\n"
    write(tmp_path, "orders.csv", text.encode(encoding))
    assert values(read(tmp_path, tmp_path), "brand") == ["Vélo Münch"]


def test_latin_1_far_down_in_a_big_file_and_mixed_encodings(tmp_path: Path) -> None:
    head = (HEADER.strip() + ",brand\n").encode()
    plain = b"".join(b"%d,2,2017-01-01,3,plain\n" % n for n in range(20_000))
    write(
        tmp_path,
        "orders.csv",
        head
        + plain
        + "a,2,2017-01-01,3,Ünï €\n".encode("cp1252")
        + "b,2,2017-01-01,3,Ünï €\n".encode(),
    )
    assert values(read(tmp_path, tmp_path), "brand")[-2:] == ["Ünï €", "Ünï €"]


def test_a_given_encoding_is_taken(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", (HEADER + "ž,2,3,4\n").encode("cp1250"))
    path = mapped(
        tmp_path,
        "transaction_id: transaction_id\ncustomer_id: customer_id\n"
        "transaction_date: transaction_date\nlist_price: list_price",
        more="  encoding: cp1250\n",
    )
    assert values(read(tmp_path, path), "transaction_id") == ["ž"]


def test_quoted_values_may_hold_separators_quotes_and_newlines(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        HEADER.strip()
        + ',brand\r\n1,2,3,4,"a, ""b""\r\nc"\r\n2, "x, y",3,4,5" pipe\r\n',
    )
    rows = read(tmp_path, tmp_path)
    assert values(rows, "brand") == ['a, "b"\r\nc', '5" pipe']
    assert values(rows, "customer_id") == ["2", "x, y"]
    assert values(rows, "_unreadable") == [None, None]


def test_lines_that_cannot_be_split_are_kept_whole(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        HEADER + "1,2,3,4\n5,6\n7,8,9,10,11\n\n,,,\n12,13,14,15,,\n16,17,18,19\n",
    )
    rows = read(tmp_path, tmp_path)
    assert values(rows, "transaction_id") == ["1", None, None, "12", "16"]
    assert values(rows, "_unreadable") == [None, "5,6", "7,8,9,10,11", None, None]
    assert values(rows, "_source_row") == [1, 2, 3, 4, 5]


def test_a_stray_quote_swallows_no_other_line(tmp_path: Path) -> None:
    good = "".join(f"{n},1,2,3\n" for n in range(50))
    write(tmp_path, "orders.csv", HEADER + '"x,1,2,3\n' + good + 'y,"1,2,3\n' + good)
    rows = read(tmp_path, tmp_path)
    assert len(rows) == 102
    assert [row["_unreadable"] for row in rows if row["_unreadable"]] == [
        '"x,1,2,3',
        'y,"1,2,3',
    ]


def test_title_lines_above_the_header_and_excels_separator_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        "sep=;\nOrders, exported by hand;\n\n"
        "transaction_id;customer_id;transaction_date;list_price\n1;2;3;4\n",
    )
    rows = read(tmp_path, tmp_path)
    assert [list(row.values())[:4] for row in rows] == [["1", "2", "3", "4"]]


def test_gzip_and_a_single_file_as_input(tmp_path: Path) -> None:
    path = write(
        tmp_path, "export.csv.gz", gzip.compress((HEADER + "1,2,3,4\n").encode())
    )
    assert values(read(tmp_path, path), "list_price") == ["4"]
    assert read(tmp_path, path, "customer_addresses") == []


def test_ids_that_a_program_wrote_as_floats_lose_their_point_zero(
    tmp_path: Path,
) -> None:
    write(tmp_path, "orders.csv", HEADER + "1.5,13085.0,2,3.0\n2.0,,2,4.0\n")
    rows = read(tmp_path, tmp_path)
    assert values(rows, "customer_id") == ["13085", None]
    assert values(rows, "transaction_id") == ["1.5", "2.0"]
    assert values(rows, "list_price") == ["3.0", "4.0"]


cells = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))
    | st.sampled_from(',;"\n|\t '),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=20),
    st.sampled_from(",;|\t"),
)
def test_what_csv_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], separator: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerow(["one", "two", "three"])
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(text.getvalue().encode())
    wanted = frozenset({"one", "two", "three"})
    table = read_text(path, Sought(wanted))
    assert table.separator == separator
    expected = [row for row in rows if any(value.strip() for value in row)]
    found = [row for chunk in table.chunks for row in chunk.rows]
    assert [row for row in found if any(value.strip() for value in row)] == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text('ab,";', max_size=10), max_size=30))
def test_no_line_is_lost_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file.csv"
    path.write_text("one,two,three\n" + "".join(f"{line}\n" for line in lines))
    table = read_text(path, Sought(frozenset({"one", "two", "three"})))
    letters = "".join(
        chunk.raw.get(position, "".join(row))
        for chunk in table.chunks
        for position, row in enumerate(chunk.rows)
    )
    kept = re.sub("[^ab]", "", letters)
    assert kept == re.sub("[^ab]", "", "".join(lines))


# -- Workbooks ------------------------------------------------------------------------


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_with_notes_above_its_headers(tmp_path: Path) -> None:
    names = ["transaction_id", "customer_id", "transaction_date", "list_price", "brand"]
    workbook(
        tmp_path / "raw_data.xlsx",
        {
            "Title Sheet": [["Hello"]],
            "Transactions": [
                ["Note: The data is hypothetical, transaction_id included"],
                names,
                [1, 2950, datetime.datetime(2017, 2, 25), 71.49, "Solex"],
                [2, "007", datetime.datetime(2017, 2, 25, 13, 5), 1e-7, None],
                [None] * 5,
                [3, 8, 42791, 20, True],
            ],
            "CustomerDemographic": [["Note"], ["customer_id", "DOB"], [1, None]],
            "CustomerAddress": [["Note"], ["customer_id", "state"], [1, "NSW"]],
        },
    )
    rows = read(tmp_path, tmp_path)
    assert values(rows, "transaction_id") == ["1", "2", "3"]
    assert values(rows, "customer_id") == ["2950", "007", "8"]
    assert values(rows, "transaction_date") == [
        "2017-02-25",
        "2017-02-25 13:05:00",
        "42791",
    ]
    assert values(rows, "list_price") == ["71.49", "0.0000001", "20"]
    assert values(rows, "brand") == ["Solex", None, "true"]
    assert read(tmp_path, tmp_path, "customer_addresses")[0]["state"] == "NSW"
    assert read(tmp_path, tmp_path, "customer_demographics")[0]["dob"] is None
    assert read(tmp_path, tmp_path, "web_sessions") == []


def test_the_mapping_for_the_original_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(
        tmp_path / "original.xlsx",
        {
            "Transactions": [["Note"], HEADER.strip().split(","), [1, 2, 3, 4]],
            "CustomerDemographic": [["Note"], ["customer_id", "DOB"], [1, "x"]],
            "CustomerAddress": [["Note"], ["customer_id", "state"], [1, "NSW"]],
        },
    )
    monkeypatch.setenv("SPROCKET_WORKBOOK", str(path))
    mapping = PROJECT / "inputs" / "sprocket_workbook.yml"
    assert values(read(tmp_path, mapping), "list_price") == ["4"]
    assert read(tmp_path, mapping, "customer_demographics")[0]["dob"] == "x"
    assert read(tmp_path, mapping, "customer_addresses")[0]["state"] == "NSW"


# -- Parquet and relations ------------------------------------------------------------


def test_typed_columns_become_text_that_loses_nothing(tmp_path: Path) -> None:
    moment = datetime.datetime(2009, 12, 1, 7, 45)
    midnight = datetime.datetime(2009, 12, 1)
    table = pa.table(
        {
            "Transaction ID": pa.array([1, 2, 3]),
            "customer_id": pa.array([13085.0, None, 1e14]),
            "transaction_date": pa.array([moment, midnight, None], pa.timestamp("ns")),
            "list_price": pa.array([0.1, 1e-7, float("nan")]),
            "quantity": pa.array([2.5, 1e16, -3.0], pa.float64()),
            "is_return": pa.array([True, False, None]),
            "brand": pa.array(["a", "", "b"]).dictionary_encode(),
            "product_id": pa.array([b"x", b"y", None]),
        }
    )
    pq.write_table(table, tmp_path / "transactions.parquet")
    rows = read(tmp_path, tmp_path)
    assert values(rows, "transaction_id") == ["1", "2", "3"]
    assert values(rows, "customer_id") == ["13085", None, "100000000000000"]
    assert values(rows, "transaction_date") == [
        "2009-12-01 07:45:00",
        "2009-12-01",
        None,
    ]
    assert values(rows, "list_price") == ["0.1", "0.0000001", None]
    assert values(rows, "quantity") == ["2.5", "10000000000000000", "-3"]
    assert values(rows, "is_return") == ["true", "false", None]
    assert values(rows, "brand") == ["a", None, "b"]
    assert values(rows, "product_id") == ["x", "y", None]
    assert values(rows, "_source_row") == [1, 2, 3]


def test_a_table_kept_as_a_folder_of_parts(tmp_path: Path) -> None:
    names = HEADER.strip().split(",")
    for part in (1, 2):
        path = tmp_path / "transactions" / f"part-{part}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({name: [part, part] for name in names}), path)
    rows = read(tmp_path, tmp_path)
    assert values(rows, "list_price") == ["1", "1", "2", "2"]
    assert values(rows, "_source_row") == [1, 2, 3, 4]


def test_several_text_files_are_joined_in_order(tmp_path: Path) -> None:
    write(tmp_path, "orders_2.csv", HEADER + "2,2,2,2\n")
    write(tmp_path, "orders_1.csv", HEADER + "1,1,1,1\n1,1,1,1\n")
    path = write(tmp_path, "shop.yml", "transactions: {path: 'orders_*.csv'}")
    rows = read(tmp_path, path)
    assert values(rows, "list_price") == ["1", "1", "2"]
    assert values(rows, "_source_row") == [1, 2, 3]


def test_a_relation_of_the_work_database(tmp_path: Path) -> None:
    connection = duckdb.connect(str(tmp_path / "work.duckdb"))
    connection.execute("create schema shop")
    connection.execute(
        "create table shop.sales as select i as id, i % 10 as who, "
        "date '2017-01-01' + i::integer as day, i * 0.5 as price "
        "from range(300000) t(i)"
    )
    path = write(
        tmp_path,
        "shop.yml",
        "transactions:\n  relation: shop.sales\n  columns:\n    transaction_id: id\n"
        "    customer_id: who\n    transaction_date: day\n    list_price: price * 2\n",
    )
    rows = read(tmp_path, path, connect=connection.cursor)
    assert len(rows) == 300_000
    assert list(rows[3].values())[:4] == ["3", "3", "2017-01-04", "3.0"]


# -- Mappings -------------------------------------------------------------------------


SHOP = (
    "Order No;Customer No;Date;Unit Price;Quantity;Kind\n"
    "0007;01;31/12/2017;$1,234.50;2;sale\n"
    "0008;02;01/02/2017;$12.00;3;Return\n"
)
BASIC = """
transaction_id: Order No
customer_id: '"customer no"'
transaction_date: Date
"""


def test_expressions_over_text_columns(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", SHOP)
    path = mapped(
        tmp_path,
        BASIC + "list_price: '\"Unit Price\" * QUANTITY'\n"
        "quantity: 1\n"
        "is_return: Kind = 'Return'\n"
        "line_id: source_row\n"
        "brand: \"'Solex'\"\n"
        "product_id: '\"Order No\" || ''-'' || Quantity'\n"
        "promotion: unit_price",
    )
    rows = read(tmp_path, path)
    assert values(rows, "transaction_id") == ["0007", "0008"]
    assert values(rows, "customer_id") == ["01", "02"]
    assert values(rows, "transaction_date") == ["31/12/2017", "01/02/2017"]
    assert values(rows, "list_price") == ["2469", "36"]
    assert values(rows, "quantity") == ["1", "1"]
    assert values(rows, "is_return") == ["false", "true"]
    assert values(rows, "line_id") == ["1", "2"]
    assert values(rows, "brand") == ["Solex", "Solex"]
    assert values(rows, "product_id") == ["0007-2", "0008-3"]
    assert values(rows, "promotion") == ["$1,234.50", "$12.00"]


def test_a_column_of_digits_is_text_where_numbers_do_not_fit(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        "invoice,who,day,price,n\n12,1,20170131,2.5,2\n34,2,20170228,1.5,4\n",
    )
    path = mapped(
        tmp_path,
        "transaction_id: invoice || '-' || n\n"
        "customer_id: who\n"
        "transaction_date: strptime(day, '%Y%m%d')\n"
        "list_price: case when invoice like '1%' then -price * n else price * n end",
    )
    rows = read(tmp_path, path)
    assert values(rows, "transaction_id") == ["12-2", "34-4"]
    assert values(rows, "transaction_date") == ["2017-01-31", "2017-02-28"]
    assert values(rows, "list_price") == ["-5", "6"]


def test_decimal_commas_are_seen_by_the_whole_column(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", "id;who;day;price\n1;1;1;1.234,50\n2;1;1;1.000\n")
    path = mapped(
        tmp_path,
        "transaction_id: id\ncustomer_id: who\ntransaction_date: day\n"
        "list_price: price * 2",
    )
    assert values(read(tmp_path, path), "list_price") == ["2469", "2000"]


@pytest.mark.parametrize(
    ("decimal", "expected"), [("comma", "2468"), ("auto", "2468"), ("point", "2.4680")]
)
def test_the_decimal_sign_can_be_given(
    tmp_path: Path, decimal: str, expected: str
) -> None:
    write(tmp_path, "orders.csv", "id;who;day;price\n1;1;1;1.234\n")
    path = mapped(
        tmp_path,
        "transaction_id: id\ncustomer_id: who\ntransaction_date: day\n"
        "list_price: price * 2\nstandard_cost: number(price) * 2",
        more=f"  decimal: {decimal}\n",
    )
    row = read(tmp_path, path)[0]
    assert (row["list_price"], row["standard_cost"]) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        (" 1,234.50 ", 1234.5),
        ("$1,234.50", 1234.5),
        ("-$12.5", -12.5),
        ("$-12.5", -12.5),
        ("1.234,50 €", 1234.5),
        ("EUR 1.234.567", 1234567),
        ("AUD 12", 12),
        ("12,5", 12.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234,5", 1234.5),
        ("1'234.50", 1234.5),
        ("(12.50)", -12.5),
        ("12.50-", -12.5),
        ("1,234", 1234),
        ("1,234,567", 1234567),
        (".5", 0.5),
        ("", None),
        ("n/a", None),
        ("12-34", None),
        (None, None),
    ],
)
def test_number_reads_amounts_as_people_write_them(
    text: str | None, expected: float | None
) -> None:
    connection = duckdb.connect()
    define_macros(connection)
    found = connection.execute("select number(?::varchar)", [text]).fetchone()
    assert found == (expected,)


def test_number_takes_numbers_and_a_given_sign() -> None:
    connection = duckdb.connect()
    define_macros(connection)
    query = "select number(1.25), number('1.234', 'comma'), number('1,234', 'comma')"
    assert connection.execute(query).fetchone() == (1.25, 1234, 1.234)


def test_files_without_a_header_separated_by_blanks(tmp_path: Path) -> None:
    write(tmp_path, "cds.txt", " 00004 0001 19970101  2   29.33\r\n 00005 1 2\r\n")
    path = mapped(
        tmp_path,
        "transaction_id: source_row\ncustomer_id: master\n"
        "transaction_date: date\nlist_price: dollars",
        path="cds.txt",
        more="  separator: whitespace\n"
        "  header: [master, sample, date, cds, dollars]\n",
    )
    rows = read(tmp_path, path)
    assert values(rows, "customer_id") == ["00004", None]
    assert values(rows, "list_price") == ["29.33", None]
    assert values(rows, "_unreadable") == [None, " 00005 1 2"]


def test_one_row_per_customer_takes_the_most_frequent(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        "who,land\n1,Norway\n2,Chad\n1,Sweden\n1,Sweden\n,Peru\n3,\n2,Mali\n",
    )
    path = write(
        tmp_path,
        "shop.yml",
        "customer_addresses:\n  path: orders.csv\n  one_row_per: customer_id\n"
        "  columns: {customer_id: who, country: land}\n",
    )
    rows = read(tmp_path, path, "customer_addresses")
    assert values(rows, "customer_id") == ["2", "1", "3"]
    assert values(rows, "country") == ["Chad", "Sweden", None]


def test_paths_beside_the_mapping_then_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = write(
        tmp_path, "maps/shop.yml", "transactions: {path: '${WHERE:-o.csv}'}"
    )
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "o.csv", HEADER + "here,1,1,1\n")
    assert values(read(tmp_path, mapping), "transaction_id") == ["here"]
    write(tmp_path, "maps/o.csv", HEADER + "beside,1,1,1\n")
    assert values(read(tmp_path, mapping), "transaction_id") == ["beside"]
    monkeypatch.setenv("WHERE", str(write(tmp_path, "e/x.csv", HEADER + "env,1,1,1\n")))
    assert values(read(tmp_path, mapping), "transaction_id") == ["env"]


def test_the_template_reads_an_export_with_every_quirk(tmp_path: Path) -> None:
    template = (PROJECT / "inputs" / "template.yml").read_text()
    mapping = write(tmp_path, "my_shop.yml", template)
    write(
        tmp_path,
        "orders.csv",
        "Order No;Customer No;Order Date;Price;Größe\n"
        "00017;0042;31/12/2017 13:05;€ 1.234,50;groß\n".encode("cp1252"),
    )
    row = read(tmp_path, mapping)[0]
    assert list(row.values())[:4] == ["00017", "0042", "31/12/2017 13:05", "€ 1.234,50"]


def test_the_template_has_every_column_and_setting() -> None:
    template = (PROJECT / "inputs" / "template.yml").read_text()
    for table in TABLES.values():
        assert f"{table.name}:" in template
        for column in table.columns:
            assert f"{column}:" in template, f"{table.name}.{column}"
    for setting in ("path", "relation", "sheet", "separator", "encoding", "header"):
        assert f"{setting}:" in template


def test_a_file_is_rewritten_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv", HEADER + "1,2,3,4\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    reader = InputReader(lambda: scratch)
    for _ in range(2):
        assert reader.read(str(tmp_path), "transactions").read_all().num_rows == 1
    assert len(list(scratch.iterdir())) == 1
    path.write_text(HEADER + "1,2,3,4\n5,6,7,8\n")
    assert reader.read(str(tmp_path), "transactions").read_all().num_rows == 2
    assert reader.read_files == {"transactions": (path,)}


def test_no_input_is_an_empty_table(tmp_path: Path) -> None:
    reader = InputReader(lambda: tmp_path)
    table = reader.read("", "web_sessions")
    assert table.num_rows == 0
    assert table.schema.names == [
        *TABLES["web_sessions"].columns,
        "_unreadable",
        "_left_out",
        "_source_row",
    ]


# -- Sentences ------------------------------------------------------------------------


def sentence(folder: Path, location: Path | str, table: str = "transactions") -> str:
    with pytest.raises(InputError) as caught:
        read(folder, location, table)
    return str(caught.value)


def test_sentence_for_a_missing_folder(tmp_path: Path) -> None:
    text = sentence(tmp_path, tmp_path / "nowhere")
    assert "nowhere' doesn't exist" in text
    assert "Give a folder" in text


def test_sentence_for_no_matching_file(tmp_path: Path) -> None:
    write(tmp_path, "invoices.csv", HEADER)
    write(tmp_path, "notes.pdf", "x")
    text = sentence(tmp_path, tmp_path)
    assert "No file in" in text
    assert "named like transactions" in text
    assert "Found: invoices.csv." in text
    assert "template.yml" in text


def test_sentence_for_two_matching_files(tmp_path: Path) -> None:
    write(tmp_path, "transactions_2016.csv", HEADER)
    write(tmp_path, "transactions_2017.csv", HEADER)
    text = sentence(tmp_path, tmp_path)
    assert "transactions_2016.csv, transactions_2017.csv" in text
    assert "Keep one" in text


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "orders.xlsx"])
def test_sentence_for_zero_bytes(tmp_path: Path, name: str) -> None:
    text = sentence(tmp_path, write(tmp_path, name, ""))
    assert name in text
    assert "Export it again" in text or "save it again" in text


def test_sentence_for_blank_text(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", "\n  \n")
    assert "orders.csv is empty" in sentence(tmp_path, tmp_path)


def test_sentence_for_a_header_without_rows(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", HEADER + "\n")
    text = sentence(tmp_path, tmp_path)
    assert "orders.csv has a header but no rows" in text
    pq.write_table(
        pa.table({"customer_id": pa.array([], "string")}), tmp_path / "a.parquet"
    )
    write(tmp_path, "shop.yml", "customer_addresses: {path: a.parquet}")
    text = sentence(tmp_path, tmp_path / "shop.yml", "customer_addresses")
    assert "a.parquet has a header but no rows" in text


def test_sentence_for_a_missing_column(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", "transaction_id,Client,list_price\n1,2,3\n")
    text = sentence(tmp_path, tmp_path)
    assert "orders.csv has no column customer_id and no column transaction_date" in text
    assert "Its columns are: transaction_id, Client, list_price." in text
    assert "Rename" in text


def test_sentence_for_a_column_that_is_there_twice(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", HEADER.strip() + ",Customer ID\n1,2,3,4,5\n")
    text = sentence(tmp_path, tmp_path)
    assert "more than one column for customer_id: customer_id, Customer ID" in text


@pytest.mark.parametrize("name", ["orders.parquet", "orders.xlsx", "orders.csv.gz"])
def test_sentence_for_a_damaged_file(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, b"this is no such file")
    text = sentence(tmp_path, tmp_path)
    assert text.startswith(f"{name} can't be read")


def test_sentence_for_a_damaged_text_in_a_given_encoding(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", (HEADER + "é,2,3,4\n").encode("latin-1"))
    path = write(tmp_path, "m.yml", "transactions: {path: orders.csv, encoding: utf-8}")
    assert "orders.csv can't be read: 'utf-8' codec" in sentence(tmp_path, path)
    path = write(tmp_path, "m.yml", "transactions: {path: orders.csv, encoding: utf8x}")
    assert "The encoding 'utf8x' given for orders.csv isn't known" in sentence(
        tmp_path, path
    )


def test_sentence_for_a_file_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "orders.csv", HEADER + "1,2,3,4\n")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    assert "orders.csv can't be read: Permission denied" in sentence(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("transactions: [", "isn't valid YAML in line"),
        ('transactions:\n  columns:\n    list_price: "A" * B\n', "in line 3"),
        ("transactions:\n  path: a\n  path: b\n", "'path' is there twice"),
        ("", "says nothing"),
        ("orders: {path: a.csv}", "names the table 'orders', which isn't an input"),
        ("description: x", "has no table 'transactions'"),
        ("transactions: orders.csv", "needs settings below it"),
        ("transactions: {file: a.csv}", "the setting 'file', which isn't known"),
        ("transactions: {sheet: a}", "needs a 'path' or a 'relation'"),
        ("transactions: {path: a, relation: b}", "not both"),
        ("transactions: {path: a.csv}", "there is no such file"),
        ("transactions: {path: '${NOT_SET_AT_ALL}/a.csv'}", "no such environment"),
        ("transactions: {path: data.pdf}", "'data.pdf', which isn't CSV"),
        ("transactions: {path: data.*}", "files of different kinds"),
        ("transactions: {path: data.csv, header: x}", "must be the list"),
        ("transactions: {path: data.csv, header: [a, b]}", "given in 'header'"),
        ("transactions: {path: data.csv, separator: ab}", "isn't one character"),
        ("transactions: {path: data.csv, decimal: dot}", "auto, point or comma"),
        ("transactions: {path: data.csv, one_row_per: x}", "one of its columns"),
        ("transactions: {path: data.csv, columns: [a]}", "one a line"),
        ("transactions: {path: book.xlsx}", "no sheet named like transactions"),
        ("transactions: {path: book.xlsx, sheet: C}", "Its sheets are: A, B."),
        (
            "transactions: {path: book.xlsx, sheet: A}",
            "Sheet 'A' of book.xlsx is empty",
        ),
        ("transactions: {relation: shop.orders}", "no database"),
    ],
)
def test_sentences_for_mappings(tmp_path: Path, content: str, expected: str) -> None:
    write(tmp_path, "data.csv", HEADER + "1,2,3,4\n")
    write(tmp_path, "data.tsv", HEADER)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "data.parquet")
    if "data.pdf" in content:
        write(tmp_path, "data.pdf", "x")
    workbook(tmp_path / "book.xlsx", {"A": [], "B": [["x"]]})
    assert expected in sentence(tmp_path, write(tmp_path, "shop.yml", content))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("list_price: Prize", ["has no column 'Prize'", "Unit Price, Quantity"]),
        ("list_price: Quantity * Prize", ["has no column 'Prize'", "orders.csv"]),
        ("lst_price: Quantity", ["'lst_price', which isn't one of its columns"]),
        ("customer_id: Kind", ["says nothing for transactions.list_price"]),
        ("list_price: Quantity *", ["neither a column of orders.csv nor one SQL"]),
        ("list_price: Quantity, Kind", ["neither a column of orders.csv nor one SQL"]),
        ("list_price: Quantity; drop table x", ["nor one SQL"]),
        (
            "list_price: Quantity * Kind",
            [
                "can't be computed on orders.csv",
                "holds text: 'sale' in row 1",
                "number(",
            ],
        ),
        (
            "list_price: Kind::double",
            ["Could not convert string 'sale'", "try_cast", "number(Kind)"],
        ),
        ("list_price: sum(Quantity)", ["can't be computed on orders.csv"]),
        ("list_price: no_such_function(Quantity)", ["no_such_function", "computed"]),
    ],
)
def test_sentences_for_expressions(
    tmp_path: Path, columns: str, expected: list[str]
) -> None:
    write(tmp_path, "orders.csv", SHOP)
    basic = (
        BASIC
        if "customer_id" not in columns
        else BASIC.replace("customer_id", "tenure")
    )
    basic = basic.replace("tenure", "brand")
    text = sentence(tmp_path, mapped(tmp_path, basic + columns))
    assert text.startswith(("In the mapping file", "The mapping file"))
    for part in expected:
        assert part in text


def test_sentence_for_files_with_different_columns(tmp_path: Path) -> None:
    write(tmp_path, "o_1.csv", HEADER + "1,1,1,1\n")
    write(tmp_path, "o_2.csv", "transaction_id,x\n1,1\n")
    path = write(tmp_path, "shop.yml", "transactions: {path: 'o_*.csv'}")
    assert "o_1.csv and o_2.csv are both to be read" in sentence(tmp_path, path)


def test_sentence_for_a_missing_relation(tmp_path: Path) -> None:
    path = write(tmp_path, "shop.yml", "transactions: {relation: shop.orders}")
    with pytest.raises(InputError, match=r"The relation 'shop\.orders'"):
        read(tmp_path, path, connect=duckdb.connect)


# -- Well-known data ------------------------------------------------------------------


@needs("sprocket")
@pytest.mark.parametrize("location", ["folder", "inputs/sprocket_cleaned.yml"])
def test_sprocket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    monkeypatch.setenv("TRAJECTORIES_SHARED_DATA", str(SHARED))
    path = SHARED / "sprocket" if location == "folder" else PROJECT / location
    orders = read(tmp_path, path)
    assert len(orders) == 19_803
    assert not any(values(orders, "_unreadable"))
    approved = [row for row in orders if row["order_status"] == "Approved"]
    assert len(approved) == 19_625
    assert len(set(values(approved, "customer_id"))) == 3_493
    total = sum(round(float(row["list_price"]) * 100) for row in approved)
    assert total == 2_173_949_529
    assert len(read(tmp_path, path, "customer_demographics")) == 3_912
    assert len(read(tmp_path, path, "customer_addresses")) == 3_999


@needs("online_retail_ii")
def test_online_retail_ii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAJECTORIES_SHARED_DATA", str(SHARED))
    mapping = str(PROJECT / "inputs" / "online_retail_ii.yml")
    reader = InputReader(lambda: tmp_path)
    connection = duckdb.connect()
    connection.register("stream", reader.read(mapping, "transactions"))
    connection.execute("create table orders as select * from stream")
    counted = connection.execute(
        "select count(*), count(distinct customer_id), count(distinct transaction_id), "
        "count(*) - count(customer_id), count_if(is_return = 'true'), "
        "count(distinct (transaction_id, line_id)) from orders"
    ).fetchone()
    assert counted is not None
    assert counted[:4] == (1_067_370, 5_942, 53_628, 243_007)
    assert 19_400 < counted[4] < 19_600
    assert 1_067_370 - counted[5] > 22_523
    statuses = connection.execute(
        "select distinct product_id from orders where order_status != 'Approved'"
    ).fetchall()
    assert {"POST", "DOT", "M", "BANK CHARGES", "TEST001", "GIFT_0001_30"} <= {
        row[0] for row in statuses
    }
    assert not any(row[0][:5].isdigit() for row in statuses)
    addresses = reader.read(mapping, "customer_addresses").read_all()
    assert addresses.num_rows == 5_942


@needs("cdnow")
def test_cdnow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAJECTORIES_SHARED_DATA", str(SHARED))
    rows = read(tmp_path, PROJECT / "inputs" / "cdnow.yml")
    assert len(rows) == 69_659
    assert not any(values(rows, "_unreadable"))
    assert len(set(values(rows, "customer_id"))) == 23_570
    dates = values(rows, "transaction_date")
    assert (min(dates), max(dates)) == ("1997-01-01", "1998-06-30")
    assert sum(float(row["list_price"]) == 0 for row in rows) == 80
