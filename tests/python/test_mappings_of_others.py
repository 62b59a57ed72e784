"""Mappings that other people write: what they mean is what is read, or a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cleaned import clean, needs_case
from real_builds import PROJECT

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
