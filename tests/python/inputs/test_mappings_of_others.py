"""Mappings that other people write: what they mean is what is read, or a sentence."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import number_sql
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from cleaned import OTHERWISE, clean, needs_case
from macros_alone import CompilerError, macros
from real_builds import PROJECT, run_build
from trajectories.warehouse.inputs import InputError, InputReader, expressions
from trajectories.warehouse.inputs.expressions import ExpressionWriter, define_macros

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
    cleaned = clean(folder, **OTHERWISE)
    assert cleaned.stops == ()
    assert cleaned.revenue == clean(folder).revenue
    assert 1_000 < cleaned.revenue < 100_000


def test_case_headers_of_internal_names() -> None:
    cleaned = clean(needs_case("headers_of_internal_names"))
    assert len(cleaned.orders) == 240
    assert cleaned.stops == ()


# -- Ready mappings: columns as the vendors write them ---------------------------------


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,"
    "Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Notes,Note Attributes,Cancelled at,"
    "Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Id"
)
# Name, mail, status, subtotal, total, discount, day, quantity, item, price, refunded.
SHOPIFY_ROWS = [
    ("#1001", "ana@x.org", "paid", "50.00", "55.00", "10.00", "04", 1, "a", "40.00", 0),
    ("#1001", "ana@x.org", "", "", "", "", "04", 2, "b", "10.00", ""),
    ("#1002", "bob@x.org", "refunded", "45.00", "45.00", "0.00", "15", 1, "a", 40, 45),
    ("#1002", "bob@x.org", "", "", "", "", "15", 1, "c", "5.00", ""),
    (
        "#1003",
        "cat@x.org",
        "voided",
        "30.00",
        "30.00",
        "0.00",
        "16",
        1,
        "d",
        "30.00",
        0,
    ),
    ("#1004", "dan@x.org", "partially_refunded", "20", "25", "10", "20", 3, "c", 10, 8),
    ("#1005", "ana@x.org", "authorized", "9.00", "9.00", "0.00", "21", 1, "c", "9", 0),
]


def shopify(rows: list[tuple[Any, ...]]) -> str:
    lines = [SHOPIFY]
    for name, mail, status, subtotal, total, off, day, count, item, price, back in rows:
        values = {
            "Name": name,
            "Email": mail,
            "Financial Status": status,
            "Currency": "EUR" if status else "",
            "Subtotal": subtotal,
            "Total": total,
            "Discount Amount": off,
            "Created at": f"2022-01-{day} 01:08:35 -0500",
            "Lineitem quantity": count,
            "Lineitem name": item,
            "Lineitem price": price,
            "Refunded Amount": back,
            "Vendor": "Acme",
        }
        lines.append(",".join(str(values.get(it, "")) for it in SHOPIFY.split(",")))
    return "\n".join(lines) + "\n"


READY = {
    "woocommerce": (
        "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),"
        "Items sold,Coupon(s),Net Sales,Attribution\n"
        "2023-05-01 12:30:00,101,$22.00,completed,Ana Lee,new,1× Mug,1,,20,Direct\n"
        "2023-05-02 09:00:00,102,$33.00,processing,Bob Ray,new,Mug,2,MAY,30.5,Direct\n"
        "2023-05-03 09:00:00,103,$11.00,refunded,Ana Lee,returning,Cup,1,,10,Direct\n"
        "2023-05-04 09:00:00,103,-$11.00,refunded,Ana Lee,returning,,0,,-10,Direct\n"
        "2023-05-05 09:00:00,104,$16.00,refunded,Cy Day,new,1× Cup,1,,15,Direct\n"
        "2023-05-06 09:00:00,105,$16.00,on-hold,Cy Day,returning,1× Cup,1,,15,Direct\n"
        "2023-05-07 09:00:00,102,-$5.00,completed,Bob Ray,new,,0,,-5,Direct\n",
        ("WOOCOMMERCE_EXPORT", 45.5, 30.0, {"cancelled_or_unknown_status": 1}),
    ),
    "stripe": (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,"
        "Converted Amount,Converted Amount Refunded,Converted Currency,Decline Reason,"
        "Description,Fee,Refunded date (UTC),Statement Descriptor,Status,"
        "Seller Message,Taxes On Fee,Card ID,Customer ID,Customer Description,"
        "Customer Email,Invoice ID,Transfer\n"
        "ch_1,2024-03-01 10:00:00,25.00,0.00,usd,true,23.10,0.00,eur,,Plan,1,,,Paid,"
        "Payment complete.,0,card_1,cus_1,,ana@x.org,in_1,\n"
        "ch_2,2024-03-02 10:00:00,40.00,10.00,eur,true,40.00,10.00,eur,,Plan,1,,,Paid,"
        "Payment complete.,0,card_2,,,Bob@x.org,in_2,\n"
        "ch_3,2024-03-03 10:00:00,15.00,15.00,eur,true,15.00,15.00,eur,,Plan,1,,,"
        "Refunded,Payment complete.,0,card_1,cus_1,,ana@x.org,in_3,\n"
        "ch_4,2024-03-04 10:00:00,99.00,0.00,eur,false,,0.00,,insufficient_funds,Plan,"
        "0,,,Failed,No,0,card_3,cus_3,,cy@x.org,in_4,\n"
        "ch_5,2024-03-05 10:00:00,7.00,0.00,eur,false,7.00,0.00,eur,,Plan,0,,,Paid,"
        "Uncaptured,0,card_3,cus_3,,cy@x.org,in_5,\n",
        (
            "STRIPE_EXPORT",
            53.1,
            25.0,
            {"cancelled_or_unknown_status": 1, "null_or_unparsable_price": 1},
        ),
    ),
    "square": (
        "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,"
        "Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,"
        "Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
        "Customer Reference ID,Unit,Count,Itemization Type\n"
        "2024-08-15,14:00:00,Eastern Time (US & Canada),Clay,Mug,2.0,Regular,MUG,,"
        "$36.00,-$3.00,$33.00,$2.88,T1,P1,iPad,,,Payment,Fair,,C1,Dee,,,2,Service\n"
        "2024-08-15,14:00:00,Eastern Time (US & Canada),Art,Fern,3.0,Regular,,,"
        '"$1,000.00",$0.00,"$1,000.00",$0.96,T1,P1,iPad,,,Payment,Fair,,C1,Dee,,,3,'
        "Physical Good\n"
        "2024-09-20,09:00:00,Eastern Time (US & Canada),Clay,Mug,-1.0,Regular,MUG,,"
        "-$18.00,$1.50,-$16.50,-$1.44,T1,P1R,iPad,,,Refund,Fair,,C1,Dee,,,-1,"
        "Physical Good\n"
        "2024-09-21,09:00:00,Eastern Time (US & Canada),Clay,Mug,1.0,Regular,MUG,,"
        "$18.00,$0.00,$18.00,$1.44,T2,P2,iPad,,,Payment,Fair,,,,,,1,Physical Good\n",
        ("SQUARE_EXPORT", 1016.5, 16.5, {"null_customer": 1}),
    ),
    "etsy": (
        "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,"
        "Discount Amount,Shipping Discount,Order Shipping,Order Sales Tax,Item Total,"
        "Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,"
        "Ship Address1,Ship Address2,Ship City,Ship State,Ship Zipcode,Ship Country,"
        "Order ID,Variations,Order Type,Listings Type,Payment Type,InPerson Discount,"
        "InPerson Location,VAT Paid by Buyer,SKU\n"
        "04/02/26,Bat wallet,Marty (gk721k),1,38.99,,,0.00,0.00,8,0,38.99,USD,501,41,"
        '04/02/2026,,M,,,B,NY,1,"United States",4037,"Color:Black,Size:L",online,'
        "listing,online_cc,,,0,bat\n"
        "04/02/26,Cup,Marty (gk721k),2,10.00,FAVE,10 % off,2.00,0.00,0,0,20.00,USD,502,"
        "42,04/02/2026,,M,,,B,NY,1,US,4037,,online,listing,online_cc,,,0,\n"
        "05/01/26,Cup,Lyn Hunt,1,10.00,,,0.00,0.00,0,0,10.00,USD,503,42,05/01/2026,,L,"
        ",,S,AR,7,US,4040,,online,listing,online_cc,,,0,\n",
        ("ETSY_EXPORT", 66.99, 0.0, {}),
    ),
    "odoo": (
        '"Order Reference","Order Date","Customer","Status","Order Lines/Product",'
        '"Order Lines/Quantity","Order Lines/Unit Price","Order Lines/Discount (%)",'
        '"Order Lines/Subtotal"\n'
        '"S00021","2024-02-01 08:00:00","Azure Interior, Brandon","Sales Order",'
        '"[DESK] Desk","2.00","450.00","10.00","810.00"\n'
        '"","","","","","","","",""\n'
        '"","","","","[LAMP] Lamp","3.00","33.33","0.00","99.99"\n'
        '"","","","","","0.00","0.00","0.00","0.00"\n'
        '"S00022","2024-02-20 08:00:00","Gemini","Quotation","[LAMP] Lamp","1.00",'
        '"33.33","0.00","33.33"\n'
        '"S00023","2024-03-20 08:00:00","Gemini","Locked","[LAMP] Lamp","1.00",'
        '"33.33","5.00","31.66"\n',
        (
            "ODOO_EXPORT",
            941.65,
            0.0,
            {"cancelled_or_unknown_status": 1, "left_out_by_mapping": 1},
        ),
    ),
}


@pytest.mark.parametrize("name", ["shopify_orders", "shopify_order_lines"])
def test_ready_mapping_of_shopify(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "orders_export_1.csv", shopify(SHOPIFY_ROWS))
    write(tmp_path, "orders_export_2.csv", shopify(SHOPIFY_ROWS[3:]))
    monkeypatch.setenv("SHOPIFY_EXPORT", str(tmp_path / "orders_export_1.csv"))
    cleaned = clean(PROJECT / "inputs" / f"{name}.yml")
    assert (cleaned.revenue, cleaned.returned) == (62.0, 53.0)
    assert len(cleaned.orders) == 3
    assert cleaned.customers == {"ana@x.org", "bob@x.org", "dan@x.org"}
    amounts = [order["amount"] for order in cleaned.orders]
    assert amounts == [50.0, 0.0, 12.0]
    assert cleaned.stops == ()


@pytest.mark.parametrize("name", READY)
def test_ready_mapping(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, (variable, revenue, returned, reasons) = READY[name]
    monkeypatch.setenv(variable, str(write(tmp_path, "export.csv", content)))
    cleaned = clean(PROJECT / "inputs" / f"{name}.yml")
    assert (cleaned.revenue, cleaned.returned) == (revenue, returned)
    assert cleaned.reasons() == reasons
    assert [it for it in cleaned.stops if not it.startswith("assert")] == []


# -- YAML, and names ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("customer_id: No", ["customer_id is No without quotes", 'customer_id: "No"']),
        ("customer_id: on", ["reads as yes or no"]),
        ("customer_id: 2018-01-01", ["reads as a date"]),
        ("customer_id: 1_000", ["reads as a number"]),
        ("customer_id: 012", ['customer_id: "012"']),
        ("customer_id: 12:30:00", ["reads as a number"]),
        ("customer_id: 5", ["reads as a number"]),
        ("list_price: 0x1F", ["reads as a number"]),
        ("customer_id: ~", ["reads as nothing"]),
        ("customer_id: null", ["reads as nothing"]),
        ("customer_id:", ["says nothing for transactions.customer_id"]),
        ("customer_id: #Kunde", ["needs quotes: '#Kunde'"]),
        ("customer_id: [a, b]", ["is a list (a, b)"]),
        ("customer_id: {a: b}", ["is settings of its own (a)"]),
        ("customer_id: &Kunde", ["'&Kunde' needs quotes"]),
        ("customer_id: *Kunde", ["isn't valid YAML in line"]),
        ("customer_id: |", ["'|' needs quotes"]),
        ("is_return: no", ["or true or false where it is so for every row"]),
    ],
)
def test_what_yaml_takes_for_no_text_ends_with_a_sentence(
    line: str, expected: list[str], tmp_path: Path
) -> None:
    write(tmp_path, "orders.csv", ORDERS)
    name = line.partition(":")[0]
    others = [it for it in BASIC.splitlines() if not it.startswith(f"{name}:")]
    said = sentence(tmp_path, mapped(tmp_path, "\n".join([*others, line])))
    for part in expected:
        assert part in said


def test_constants_that_are_meant_are_taken(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", ORDERS)
    more = (
        "\nquantity: 2\ndiscount_amount: -0.5\nis_return: true\nbrand:\npromotion: # x"
    )
    found = Read(tmp_path, mapped(tmp_path, BASIC + more))
    assert found["quantity"] == ["2", "2"]
    assert found["discount_amount"] == ["-0.5", "-0.5"]
    assert found["is_return"] == ["true", "true"]
    assert found["brand"] == [None, None]


TWO = "Order,Order #,#,2017,Customer,Date,Price\nweb,1,x,7,A,2018-01-13,10\n"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"Order #"', "1"),
        ("'\"Order #\"'", "1"),
        ('"Order"', "web"),
        ('"Order" # the channel', "web"),
        ("order", "web"),
        ("'\"2017\"'", "7"),
        ("Order #", None),
        ("Order # the number", None),
        ("order   # the number", None),
    ],
)
def test_a_name_is_not_cut_off_at_its_sign(
    written: str, expected: str | None, tmp_path: Path
) -> None:
    write(tmp_path, "orders.csv", TWO)
    path = mapped(tmp_path, BASIC.replace("Order No", written))
    if expected is None:
        assert 'transaction_id: "Order #", or' in sentence(tmp_path, path)
    else:
        assert Read(tmp_path, path)["transaction_id"] == [expected]


@pytest.mark.parametrize(
    ("header", "written", "expected"),
    [
        ("Order #", "Order", "For 'Order #', write '\"Order #\"'"),
        ("Discount %", "discount", "has no column 'discount'"),
        ("Order-ID,Order_ID", "order id", "more than one column of orders.csv"),
        ("Order-ID,Order_ID", "upper(OrderID)", "more than one column of orders.csv"),
    ],
)
def test_a_name_is_never_another_column(
    header: str, written: str, expected: str, tmp_path: Path
) -> None:
    row = ",".join("x" * (header.count(",") + 1))
    write(tmp_path, "orders.csv", f"{header},Customer,Date,Price\n{row},A,1,10\n")
    path = mapped(tmp_path, BASIC.replace("Order No", written))
    assert expected in sentence(tmp_path, path)


def test_a_number_that_is_a_column_too_is_in_quotes(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", TWO)
    basic = BASIC.replace("Order No", "Customer").replace(": Price", ": 2017")
    assert "has a column '2017'" in sentence(tmp_path, mapped(tmp_path, basic))


def test_words_of_the_reader_are_not_columns_of_the_file(tmp_path: Path) -> None:
    write(
        tmp_path, "orders.csv", "source_row,Order No,Customer,Date,Price\nx,1,A,1,2\n"
    )
    found = Read(tmp_path, mapped(tmp_path, BASIC + "\nline_id: source_row"))
    assert found["line_id"] == ["1"]
    assert "not the column 'source_row'" in found.said
    quoted = mapped(tmp_path, BASIC + "\nline_id: '\"source_row\"'")
    assert Read(tmp_path, quoted)["line_id"] == ["x"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("decimal: dot", "must be auto, point or comma"),
        ("decimal: 5", "must be auto, point or comma"),
        ("where: Yes", "reads as yes or no"),
        ("where: [a]", "is a list (a)"),
        ("where: Customer", "no condition"),
        ("where: Price > 100", "Not one of the 2 rows"),
        ("where: nope = 1", "has no column 'nope'"),
        ("encoding: {a: b}", "must be one text"),
        ("key: 3", "only a table of 'postgres' may have"),
    ],
)
def test_settings_are_checked(setting: str, expected: str, tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", ORDERS)
    assert expected in sentence(tmp_path, mapped(tmp_path, BASIC, f"  {setting}\n"))


# -- A mapping is code, and bounded ---------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("(select 1)", "has a query of its own"),
        ("(select content from read_text('shop.yml'))", "has a query of its own"),
        ("exists (select 1)", "has a query of its own"),
        ("getenv('HOME')", "uses getenv()"),
        ("current_setting('threads')", "uses current_setting()"),
        ("random()", "uses random()"),
        ("nextval('s')", "uses nextval()"),
        ("glob('*')", "uses glob()"),
        ("read_text('shop.yml')", "uses read_text()"),
        ("sum(Price)", "sum() makes one value of many rows"),
        ("COLUMNS('P.*')", "names all columns at once"),
        ("Price from orders", "nor one SQL expression"),
        ("Price where true", "nor one SQL expression"),
        ("Price; drop table x", "nor one SQL expression"),
        ("repeat('x', 1000000000)", "makes 1,000,000,000 of something"),
        ("len(range(100000000))", "makes 100,000,000 of something"),
        ("repeat(repeat('x', 9000), 9000)", "makes 81,000,000 of something"),
        ("lpad('x', Price::int)", "a number that isn't written out"),
        ("number(Price, 'dot')", "auto, 'point' or 'comma'"),
    ],
)
def test_what_an_expression_may_not(
    expression: str, expected: str, tmp_path: Path
) -> None:
    write(tmp_path, "orders.csv", ORDERS)
    path = mapped(tmp_path, BASIC.replace(": Price", f': "{expression}"'))
    assert expected in sentence(tmp_path, path)


def test_what_an_expression_may(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", ORDERS)
    more = (
        "\nquantity: count(*) over (partition by Customer)"
        "\nbrand: lpad(Customer, 3, '0')\npromotion: source_file"
    )
    found = Read(tmp_path, mapped(tmp_path, BASIC + more))
    assert found["quantity"] == ["1", "1"]
    assert found["brand"] == ["00A", "00B"]
    assert found["promotion"] == ["orders.csv"] * 2


def test_no_expression_reads_a_file_once_its_source_is_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "orders.csv", ORDERS)
    secret = write(tmp_path, "secret.txt", "5")
    monkeypatch.setattr(ExpressionWriter, "_check_functions", lambda *_: None)
    expression = f"(select content from read_text('{secret}'))"
    path = mapped(tmp_path, BASIC.replace(": Price", f': "{expression}"'))
    assert "disabled by configuration" in sentence(tmp_path, path)


def test_an_expression_has_a_limit_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{n},A,2018-01-13,{n}\n" for n in range(20_000))
    write(tmp_path, "orders.csv", "Order No,Customer,Date,Price\n" + rows)
    monkeypatch.setattr(expressions, "LIMIT_SECONDS", 0.01)
    monkeypatch.setattr(expressions, "ROWS_PER_SECOND", 1e9)
    slow = "list_sum(list_transform(range(900), lambda x: x * Price))"
    path = mapped(tmp_path, BASIC.replace(": Price", f': "{slow}"'))
    assert "takes longer than 0 seconds" in sentence(tmp_path, path)


@pytest.mark.parametrize(
    "relation",
    [
        "shop.orders; drop table shop.orders",
        "shop.orders, shop.orders",
        "(select 1) as q; copy (select 42) to 'pwned.csv'; --",
        "read_csv('orders.csv')",
        "'orders.csv'",
        "query('select 1')",
        "shop.orders o",
        "shop.orders where true",
        "shop.orders union all from shop.orders",
        "rows",
        "nope.orders",
    ],
)
def test_a_relation_is_the_name_of_one_table(
    relation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connection = duckdb.connect()
    connection.execute("create schema shop")
    connection.execute("create table shop.orders as select 1 as transaction_id")
    write(tmp_path, "orders.csv", ORDERS)
    escaped = relation.replace("'", "''")
    path = write(tmp_path, "shop.yml", f"transactions: {{relation: '{escaped}'}}")
    said = sentence(tmp_path, path, connection.cursor)
    assert "the name of one table or view" in said or "no such table or view" in said
    assert not (tmp_path / "pwned.csv").exists()
    assert connection.execute("from shop.orders").fetchall() == [(1,)]


# -- Rows -----------------------------------------------------------------------------


def test_rows_that_are_left_out_leave_no_evidence(tmp_path: Path) -> None:
    """Their dates and numbers decide nothing; lines that can't be split stay."""
    rows = (
        "1,A,02/03/2018,1.250,x\n2,B,05/03/2018,20,x\nTotal,,31/12/2018,30.5,sum\n1,2\n"
    )
    write(tmp_path, "orders.csv", "Order No,Customer,Date,Price,Kind\n" + rows)
    cleaned = clean(mapped(tmp_path, BASIC, "  where: Kind = 'x'\n"))
    assert cleaned.reasons() == {"left_out_by_mapping": 1, "unreadable_line": 1}
    assert cleaned.read_rows() == 4
    assert cleaned.revenue == 1270.0


def test_rows_are_left_out_before_the_most_frequent_is_taken(tmp_path: Path) -> None:
    content = "who,land\n1,Norway\n1,Norway\n1,Sweden\n2,Chad\n"
    write(tmp_path, "orders.csv", content)
    path = write(
        tmp_path,
        "shop.yml",
        "customer_addresses:\n  path: orders.csv\n  where: land <> 'Norway'\n"
        "  one_row_per: Customer_ID\n  columns: {customer_id: who, country: land}\n",
    )
    reader = InputReader(lambda: tmp_path)
    stream = reader.read(str(path), "customer_addresses")
    rows = pa.Table.from_batches(stream, stream.schema).to_pylist()
    assert [row["country"] for row in rows] == ["Sweden", "Chad"]
    assert "2 of 4 rows" in reader.notes[0]


JANUARY = (
    "Order No,Customer,Date,Price,Open\n1,A,2018-01-13,10,x\n2,B,2018-01-30,20,x\n"
    "2,B,2018-01-30,20,x\n3,C,2018-01-31,30,x\n"
)
FEBRUARY = (
    "Order No,Customer,Date,Price,Open\n2,B,2018-01-30,20,y\n2,B,2018-01-30,20,y\n"
    "3,C,2018-01-31,30,y\n4,A,2018-02-14,15,x\n"
)


def test_lines_that_two_exports_have_are_one_and_equal_lines_are_two(
    tmp_path: Path,
) -> None:
    write(tmp_path, "o_1.csv", JANUARY)
    write(tmp_path, "o_2.csv", FEBRUARY)
    path = mapped(tmp_path, BASIC + "\nline_id: source_row", path="o_*.csv")
    cleaned = clean(path)
    assert (cleaned.revenue, cleaned.reasons()) == (95.0, {"exact_duplicate": 3})
    assert cleaned.stops == ()
    path = mapped(tmp_path, BASIC.replace("Order No", "source_row"), path="o_*.csv")
    assert clean(path).revenue == 95.0


def test_an_order_that_changed_between_exports_ends_the_build(tmp_path: Path) -> None:
    write(tmp_path, "o_1.csv", JANUARY)
    write(tmp_path, "o_2.csv", FEBRUARY.replace("31,30", "31,33"))
    path = mapped(tmp_path, BASIC + "\nline_id: source_row", path="o_*.csv")
    said = sentence(tmp_path, path)
    assert "1 of 4 orders" in said
    assert "(such as 3)" in said
    line = "\nline_id: \"source_file || '-' || source_row\""
    assert len(Read(tmp_path, mapped(tmp_path, BASIC + line, path="o_*.csv")).rows) == 8


def test_an_order_that_the_export_cut_is_whole(tmp_path: Path) -> None:
    write(tmp_path, "o_1.csv", JANUARY + "9,A,2018-02-01,5,x\n")
    rest = "9,A,2018-02-01,7,x\n4,A,2018-02-14,15,x\n"
    write(tmp_path, "o_2.csv", FEBRUARY.splitlines(True)[0] + rest)
    path = mapped(tmp_path, BASIC + "\nline_id: source_row", path="o_*.csv")
    found = Read(tmp_path, path)
    assert found.said == ""
    assert len(set(found["line_id"])) == 7


# -- Numbers --------------------------------------------------------------------------


def test_numbers_of_mappings_are_read_by_the_macro_of_the_models() -> None:
    assert number_sql.PATH.read_text() == number_sql.number_sql()
    known = macros(
        "matches_pattern", "remove_pattern", "currency_words", "parse_number"
    )
    connection = duckdb.connect()
    define_macros(connection)
    texts = [
        *("12", "1.250", "1,250", "1.234,50 €", "Rs.500", "(12.50)", "5 CR", "−5"),
        *("12-34", "10 20", "1'234.50", "0.125", "1.234.567", "12 %", "n/a", "", "-"),
    ]
    for mark in ("point", "comma"):
        model = known["parse_number"]("text", f"'{mark}'")
        rows = connection.execute(
            f"select text, number(text, '{mark}'), {model}, number_form(text), "
            f"{known['number_form']('text')} from unnest(?::varchar[]) as t(text)",
            [texts],
        ).fetchall()
        for text, mapping, in_model, form, form_in_model in rows:
            assert (text, mapping, form) == (text, in_model, form_in_model)


LINES = "Order No;Customer;Date;Price;Less;Qty\n"


@pytest.mark.parametrize(
    ("rows", "price", "more", "expected"),
    [
        # The sign is proven by another column of numbers.
        ("1;A;1;1.250;0,50;2\n", "Price * Qty", "", ("2500", "0.5")),
        # Nothing tells: three digits behind the only sign are thousands.
        ("1;A;1;1.250;0;2\n", "Price * Qty", "", ("2500", "0")),
        # The mapping tells, for every column, computed or not.
        ("1;A;1;1.250;1.250;2\n", "Price", "decimal: Comma", ("1250", "1250")),
        ("1;A;1;1.250;1.250;2\n", "Price * Qty", "decimal: point", ("2.5", "1.25")),
        # A value's own form is stronger.
        ("1;A;1;1.250,5;1.5;2\n", "Price", "decimal: point", ("1250.5", "1.5")),
        # What is no number stays what it was: it is rejected, and no silent nothing.
        ("1;A;1;n/a;0,5;2\n", "number(Price, 'comma')", "", ("n/a", "0.5")),
        # The currency stays beside a number that was read.
        ("1;A;1;12,50 €;0,5 EUR;2\n", "Price", "decimal: comma", ("12.5 €", "0.5 eur")),
        # Never exactly three decimals.
        ("1;A;1;12.345;0;1\n", "Price * Qty", "decimal: point", ("12.3450", "0")),
    ],
)
def test_the_decimal_sign_holds_for_every_column(
    rows: str, price: str, more: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    write(tmp_path, "orders.csv", LINES + rows)
    columns = BASIC.replace(": Price", f": {price}") + "\ndiscount_amount: Less"
    path = mapped(tmp_path, columns, f"  {more}\n" if more else "")
    found = Read(tmp_path, path)
    assert (found["list_price"][0], found["discount_amount"][0]) == expected
    is_told = more or "," in rows
    assert bool(found.said) == (not is_told)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("1;A;1;1.250;0,50;2\n2;A;1;9.5;0;1\n", "which has '1.250', and nothing tells"),
        ("1;A;1;1.250;0;2\n2;A;1;1,250;0;1\n", "and nothing tells"),
        ("1;A;1;12 €;0;2\n2;A;1;12 GBP;0;1\n", "several currencies"),
    ],
)
def test_numbers_are_not_computed_from_what_cannot_be_told(
    rows: str, expected: str, tmp_path: Path
) -> None:
    write(tmp_path, "orders.csv", LINES + rows)
    columns = BASIC.replace(": Price", ": Price * Qty") + "\ndiscount_amount: Less"
    assert expected in sentence(tmp_path, mapped(tmp_path, columns))


def test_typed_numbers_never_have_exactly_three_decimals(tmp_path: Path) -> None:
    third = decimal.Decimal("1.500")
    table = pa.table(
        {
            "transaction_id": [1, 2],
            "customer_id": [1, 2],
            "transaction_date": ["2018-01-01"] * 2,
            "list_price": [12.345, 7.5],
            "quantity": pa.array([third] * 2, pa.decimal128(10, 3)),
        }
    )
    pq.write_table(table, tmp_path / "transactions.parquet")
    found = Read(tmp_path, tmp_path)
    assert found["list_price"] == ["12.3450", "7.5"]
    assert found["quantity"] == ["1.5000", "1.5000"]
    cleaned = clean(tmp_path)
    assert cleaned.revenue == round(12.345 * 1.5 + 7.5 * 1.5, 2)


def test_cells_of_workbooks_neither(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(
        ["transaction_id", "customer_id", "transaction_date", "list_price"]
    )
    for number, price in enumerate((12.345, 0.5, 7.0, -1.125)):
        workbook.active.append([number, 1, "2018-01-01", price])
    workbook.save(tmp_path / "transactions.xlsx")
    found = Read(tmp_path, tmp_path)
    assert found["list_price"] == ["12.3450", "0.5", "7", "-1.1250"]


# -- Columns of the input -------------------------------------------------------------


OWN = ("_unreadable", "_SOURCE_ROW", "_left_out", "_source_file", "file_row_number")


@pytest.mark.parametrize("kind", ["text", "parquet", "parts", "relation"])
def test_columns_of_internal_names_are_left_out_and_named(
    kind: str, tmp_path: Path
) -> None:
    table = pa.table(
        {
            "transaction_id": ["1", "2"],
            "customer_id": ["a", "b"],
            "transaction_date": ["2018-01-01"] * 2,
            "list_price": ["5", "7"],
            **{name: ["boo"] * 2 for name in (*OWN, "filename")},
        }
    )
    connect, location = None, tmp_path
    if kind == "text":
        lines = [table.column_names, *(row.values() for row in table.to_pylist())]
        content = "\n".join(",".join(line) for line in lines)
        write(tmp_path, "transactions.csv", content + "\n")
    elif kind == "relation":
        connection = duckdb.connect()
        connection.register("rows", table)
        connection.execute("create table orders as from rows")
        connect = connection.cursor
        location = write(tmp_path, "m.yml", "transactions: {relation: orders}")
    else:
        folder = tmp_path / "transactions"
        folder.mkdir()
        for name in ["a"] if kind == "parquet" else ["a", "b"]:
            pq.write_table(table, folder / f"{name}.parquet")
    found = Read(tmp_path, location, connect)
    assert found["list_price"] == ["5", "7"] * (2 if kind == "parts" else 1)
    assert found["_unreadable"] == [None] * len(found.rows)
    assert "doesn't use the columns _unreadable of the input" in found.said
    assert "file_row_number" in found.said


def test_columns_that_nothing_uses_are_named_once(tmp_path: Path) -> None:
    extra = [f"extra_{number}" for number in range(14)]
    header = ["transaction_id", "customer_id", "transaction_date", "list_price", *extra]
    content = f"{','.join(header)}\n{','.join('1' * len(header))}\n"
    write(tmp_path, "transactions.csv", content)
    said = Read(tmp_path, tmp_path).said
    assert "doesn't use the columns extra_0, extra_1" in said
    assert "extra_9 and 4 more of transactions.csv" in said


def test_job_industry_is_a_column_by_another_name(tmp_path: Path) -> None:
    write(tmp_path, "customers.csv", "customer_id,job_industry\n1,Retail\n")
    reader = InputReader(lambda: tmp_path)
    stream = reader.read(str(tmp_path), "customer_demographics")
    (row,) = pa.Table.from_batches(stream, stream.schema).to_pylist()
    assert row["job_industry_category"] == "Retail"
    assert reader.notes == []


# -- Variables ------------------------------------------------------------------------


class DeclaredVariables:
    """What dbt_project.yml declares: dbt's object that says so."""

    def to_dict(self) -> dict[str, Any]:
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
        return project["vars"]


def variable(name: str, value: object) -> Any:
    values = {name: value}
    known = macros("check_variables", var=lambda it, other="": values.get(it, other))
    return known["checked_var"](name)


def test_every_variable_has_a_rule() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    rules = macros("check_variables")["variable_rules"]()
    assert set(rules) - set(project["vars"]) == {"schema_prefix", "published_before"}
    assert set(project["vars"]) <= set(rules)
    for name, value in project["vars"].items():
        if not (isinstance(value, str) and "{{" in value):
            variable(name, value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("decimal_separator", "Comma", "comma"),
        ("decimal_separator", " POINT ", "point"),
        ("date_order", "DMY", "dmy"),
        ("as_of_date", "2016-02-29", "2016-02-29"),
        ("as_of_date", datetime.date(2017, 1, 31), "2017-01-31"),
        ("as_of_date", "", ""),
        ("currency", "", ""),
        ("currency", " A$ ", "A$"),
        ("currency", "zł", "zł"),
        ("complete_month_day", 28, 28),
        ("rejected_share_threshold", 1e-7, 1e-7),
        ("guest_customer_ids", [0, "guest"], [0, "guest"]),
        ("refit", True, True),
        ("test_weeks", [26, 4], [26, 4]),
        ("test_control_shares", [0.1, 0.5], [0.1, 0.5]),
    ],
)
def test_variables_that_can_be_meant(
    name: str, value: object, expected: object
) -> None:
    assert variable(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("decimal_separator", "dot", "auto, point or comma"),
        ("date_order", "ymd", "auto, dmy or mdy"),
        ("as_of_date", "yesterday", "a day such as 2017-12-31, or empty"),
        ("as_of_date", "2017-02-29", "a day such as 2017-12-31"),
        ("earliest_order_date", "", "is empty, but it must be a day"),
        ("latest_order_date", "31.12.2017", "a day such as 2017-12-31"),
        ("currency", "EUR 5", "at most eight letters and signs"),
        ("currency", "<b>", "at most eight letters and signs"),
        ("currency", "'", "at most eight letters and signs"),
        ("currency", "Australian", "at most eight letters and signs"),
        ("complete_month_day", 31, "a whole number from 1 to 28"),
        ("complete_month_day", "x", "a whole number from 1 to 28"),
        ("complete_month_day", 2.5, "a whole number"),
        ("complete_month_day", True, "a whole number"),
        ("rejected_share_threshold", 5, "a number from 0 to 1"),
        ("smallest_cell", -1, "a whole number from 1"),
        ("seed", -1, "a whole number from 0"),
        ("seed", "abc", "a whole number from 0"),
        ("forecast_horizon_months", 0, "a whole number from 1"),
        ("refit", "false", "true or false, without quotes"),
        ("accepted_order_statuses", "paid", "a list of texts"),
        ("accepted_order_statuses", [False], "a list of texts"),
        ("input", ["a"], "one text"),
        ("shop_kind", "toys", "bicycles"),
        ("persona_share", 60, "a number from 0 to 1"),
        ("transition_months", 0, "a whole number from 1"),
        ("test_weeks", [4, 2.5], "a list of whole numbers from 1 to 104"),
        ("test_weeks", [4, 4], "each once"),
        ("test_weeks", [], "a list of whole numbers"),
        ("test_control_shares", 0.5, "a list of numbers from 0.01 to 0.5"),
        ("test_control_shares", [0.5, 0.6], "a list of numbers from 0.01 to 0.5"),
        ("test_control_shares", ["0.5"], "a list of numbers"),
    ],
)
def test_variables_that_cannot_be_meant_end_with_a_sentence(
    name: str, value: object, expected: str
) -> None:
    with pytest.raises(CompilerError, match=f"The variable {name} is ") as error:
        variable(name, value)
    assert expected in str(error.value)


def test_a_variable_that_is_none_is_named_with_the_nearest() -> None:
    def check(given: dict[str, object]) -> None:
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
        values = {**project["vars"], "latest_order_date": "2018-01-01", "input": ""}
        macros(
            "this_package",
            "check_segmentations",
            "check_variables",
            "personas",
            "customer_traits",
            var=lambda it, other="": {**values, **given}.get(it, other),
            project_name="customer_trajectories",
            adapter=SimpleNamespace(config=SimpleNamespace(vars=DeclaredVariables())),
            invocation_args_dict={"vars": given},
        )["check_variables"]()

    check({})
    check({"decimal_separator": "Point"})
    with pytest.raises(CompilerError, match="Is decimal_separator meant"):
        check({"decimal_seperator": "comma"})
    with pytest.raises(CompilerError, match="after latest_order_date, 2018-01-01"):
        check({"earliest_order_date": "2018-01-02"})


@pytest.mark.long
def test_a_run_ends_before_it_begins(tmp_path: Path) -> None:
    ended = run_build(
        tmp_path / "build",
        *("--select", "input_findings"),
        variables={"decimal_seperator": "comma"},
    )
    assert ended.returncode != 0
    assert "There is no variable decimal_seperator" in ended.output
    assert not (tmp_path / "build" / "published").exists()


@pytest.mark.parametrize(
    ("relation", "is_one"),
    [
        ("shop.orders", True),
        ("read_csv('a;b.csv')", True),
        ("(select * from shop.orders)", True),
        ("shop.orders; drop table shop.orders", False),
        ("shop.orders -- x", False),
    ],
)
def test_a_relation_of_a_variable_is_one(relation: str, is_one: bool) -> None:
    known = macros(
        "check_variables",
        "input_relation",
        var=lambda it, other="": relation if it == "transactions_relation" else other,
    )
    if is_one:
        assert known["input_relation"]("transactions") == relation
    else:
        with pytest.raises(CompilerError, match="more than one relation"):
            known["input_relation"]("transactions")
