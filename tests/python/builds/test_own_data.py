"""Other people's exports: read with the template's rules, whatever they look like."""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from real_builds import (
    CLEANING,
    PROJECT,
    WITHOUT_UNIT_TESTS,
    Build,
    needs_data,
    run_build,
)

pytestmark = pytest.mark.long

TEMPLATE = (PROJECT / "inputs" / "template.yml").read_text()
MODELS_ONLY = (
    "--select",
    "+int_orders_accepted",
    "+int_customer_demographics_checked",
    "+int_customer_addresses_checked",
    "+fct_rejected_rows",
    "+rpt_input_reconciliations",
    "--resource-type",
    "model",
    "--resource-type",
    "seed",
)


# -- A shop, and how different people write it down -----------------------------------


def made_orders() -> list[tuple[str, str, datetime.date, Decimal]]:
    """Order id, customer id, date and amount; ids have leading zeros."""
    chance = random.Random(7)
    start = datetime.date(2016, 1, 1)
    days = sorted(start + datetime.timedelta(chance.randrange(731)) for _ in range(60))
    return [
        (
            f"{number:05d}",
            f"{chance.randrange(1, 12):04d}",
            day,
            Decimal(chance.choice([999, 1250, 123450, 4005000, 5, 100000])) / 100,
        )
        for number, day in enumerate(days, 1)
    ]


ORDERS = made_orders()
NAMES = {"0001": "Zoë", "0002": "Müller", "0003": "Françoise", "0004": "Øystein"}


def european(amount: Decimal) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def swiss(amount: Decimal) -> str:
    return f"CHF {amount:,.2f}".replace(",", "'")


def delimited(
    path: Path,
    header: Iterable[str],
    rows: Iterable[Iterable[object]],
    delimiter: str = ",",
    encoding: str = "utf-8",
    before: str = "",
) -> None:
    with path.open("w", newline="", encoding=encoding) as file:
        file.write(before)
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)


def edited(text: str, *changes: tuple[str, str]) -> str:
    """Edit the template as a person would: every change has to find its place."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def german_template(folder: Path) -> Path:
    """Semicolons, Latin-1, decimal commas, d/m/Y with a time, by the template."""
    delimited(
        folder / "orders.csv",
        ["Order No", "Customer No", "Order Date", "Größe", "Price"],
        (
            [order, customer, f"{day:%d/%m/%Y} 09:15", "groß", f"{european(paid)} €"]
            for order, customer, day, paid in ORDERS
        ),
        ";",
        "cp1252",
    )
    delimited(
        folder / "customers.csv",
        ["Customer No", "Vorname", "Sex", "Birthday"],
        ([customer, name, "F", "24/12/1980"] for customer, name in NAMES.items()),
        ";",
        "latin-1",
    )
    rest = TEMPLATE.split("# customer_demographics:")[0]
    text = edited(rest, ("path: orders.csv", "path: orders.csv  # ours"))
    (folder / "shop.yml").write_text(
        f"{text}\ncustomer_demographics:\n  path: customers.csv\n  columns:\n"
        "    customer_id: Customer No\n    first_name: Vorname\n"
        "    gender: Sex\n    dob: Birthday\n"
    )
    return folder / "shop.yml"


def american_folder(folder: Path) -> Path:
    """US dates with AM and PM, dollars with thousands separators, other styles."""
    delimited(
        folder / "Transactions_Export_2018.csv",
        ["Transaction ID", "customerId", "TRANSACTION-DATE", "List Price"],
        (
            [
                order,
                customer,
                f"{day.month}/{day.day}/{day.year} 1:05 PM",
                f"${paid:,.2f}",
            ]
            for order, customer, day, paid in ORDERS
        ),
        before="Export of the web shop\n\n",
    )
    delimited(
        folder / "CustomerDemographic.csv",
        ["customer_id", "first_name", "gender", "DOB"],
        ([customer, name, "Femal", "1980-12-24"] for customer, name in NAMES.items()),
    )
    return folder


def workbook_folder(folder: Path) -> Path:
    """A workbook with a note above each header; true dates and numbers."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Transactions"
    sheet.append(["Note: made up, for internal use"])
    sheet.append(["transaction_id", "customer_id", "transaction_date", "list_price"])
    for order, customer, day, paid in ORDERS:
        sheet.append([order, customer, day, float(paid)])
    people = book.create_sheet("CustomerDemographic")
    people.append(["Note: the same"])
    people.append(["customer_id", "first_name", "gender", "DOB"])
    for customer, name in NAMES.items():
        people.append([customer, name, "F", datetime.date(1980, 12, 24)])
    book.save(folder / "shop.xlsx")
    return folder


def swiss_template(folder: Path) -> Path:
    """Tabs, 31.12.2017, CHF 1'234.50, and the parts of the amount in an expression."""
    delimited(
        folder / "bons.txt",
        ["Bon", "Kunde", "Tag", "Brutto", "Rabatt"],
        (
            [order, customer, f"{day:%d.%m.%Y}", swiss(paid + 1), "1.00"]
            for order, customer, day, paid in ORDERS
        ),
        "\t",
        "utf-16",
    )
    text = edited(
        TEMPLATE.split("# customer_demographics:")[0],
        ("path: orders.csv", "path: bons.txt"),
        ("transaction_id: Order No", "transaction_id: Bon"),
        (
            "    customer_id: Customer No\n    transaction_date",
            "    customer_id: Kunde\n    transaction_date",
        ),
        ("transaction_date: Order Date", "transaction_date: Tag"),
        ("    list_price: Price\n\n", "    list_price: Brutto\n\n"),
        ("# discount_amount: Discount  ", "discount_amount: Rabatt  #"),
    )
    (folder / "shop.yml").write_text(text)
    return folder / "shop.yml"


def parquet_folder(folder: Path) -> Path:
    """Typed columns, timestamps; the id of the customer is text."""
    orders, customers, days, paid = zip(*ORDERS, strict=True)
    moments = [datetime.datetime.combine(day, datetime.time(23, 59)) for day in days]
    table = pa.table(
        {
            "transaction_id": orders,
            "customer_id": customers,
            "transaction_date": pa.array(moments, pa.timestamp("us")),
            "list_price": pa.array(paid, pa.decimal128(12, 2)),
        }
    )
    pq.write_table(table, folder / "transactions.parquet")
    return folder


def two_digit_years(folder: Path) -> Path:
    """31-12-17, EUR before the amount, every optional table and column missing."""
    delimited(
        folder / "transactions.csv",
        ["list_price", "transaction_date", "customer_id", "transaction_id"],
        (
            [f"EUR {european(paid)}", f"{day:%d-%m-%y}", f" {customer} ", order]
            for order, customer, day, paid in ORDERS
        ),
        "|",
    )
    return folder


STYLES = [
    german_template,
    american_folder,
    workbook_folder,
    *(
        pytest.param(write, marks=pytest.mark.night)
        for write in (swiss_template, parquet_folder, two_digit_years)
    ),
]


def assert_same_orders(built: Build, orders: list = ORDERS) -> None:
    found = built.work(
        "select order_id, customer_id, order_date, cast(amount as decimal(12, 2)) "
        "as amount from intermediate.int_orders_accepted order by order_id"
    )
    dates = pd.to_datetime(found["order_date"]).dt.date
    amounts = [Decimal(f"{amount:.2f}") for amount in found["amount"]]
    rows = zip(found["order_id"], found["customer_id"], dates, amounts, strict=True)
    assert list(rows) == orders


@pytest.mark.parametrize("write", STYLES, ids=lambda write: write.__name__)
def test_the_same_shop_however_it_is_written(
    tmp_path: Path, project: Path, write: Callable[[Path], Path]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    location = write(data)
    built = run_build(tmp_path / "b", *MODELS_ONLY, source=location, project=project)
    assert built.returncode == 0, built.output[-4000:]
    assert built.reasons() == {}
    assert_same_orders(built)
    people = built.work(
        "select customer_id, first_name, gender, birth_date "
        "from intermediate.int_customer_demographics_checked"
    )
    if write in (german_template, american_folder, workbook_folder):
        assert dict(zip(people["customer_id"], people["first_name"], strict=True)) == (
            NAMES
        )
        assert set(people["gender"]) == {"Female"}
        born = set(pd.to_datetime(people["birth_date"]).dt.date)
        assert born == {datetime.date(1980, 12, 24)}
    else:
        assert people.empty
    assert built.reconciled()["is_balanced"].all()


@pytest.mark.parametrize("relation", ["read_csv", "table"])
def test_data_in_the_warehouse(tmp_path: Path, project: Path, relation: str) -> None:
    path = tmp_path / "shop.csv"
    header = ["Transaction Id", "customer id", "transactionDate", "list_price"]
    delimited(path, header, ORDERS)
    name = f"read_csv('{path}', all_varchar = true)"
    if relation == "table":
        (tmp_path / "b").mkdir()
        with duckdb.connect(str(tmp_path / "b" / "work.duckdb")) as connection:
            connection.execute("create schema shop")
            connection.execute(f"create table shop.orders as from {name}")
        name = "shop.orders"
    built = run_build(
        tmp_path / "b",
        *MODELS_ONLY,
        variables={"transactions_relation": name},
        project=project,
    )
    assert built.returncode == 0, built.output[-4000:]
    assert_same_orders(built)
    read = built.reconciled()["read_rows"].to_dict()
    assert read.pop("transactions") == len(ORDERS)
    assert set(read.values()) == {0}


# -- What can't be used ---------------------------------------------------------------


HEADER = "transaction_id,customer_id,transaction_date,list_price\n"


MAPPING = """\
transactions:
  path: orders.csv
  columns:
    transaction_id: Order No
    customer_id: Client
    transaction_date: Day
    list_price: Price
"""


@pytest.mark.parametrize(
    ("content", "mapping", "expected"),
    [
        (
            b"Order No,Customer,Day,Price\n1,2,2017-01-01,3\n",
            MAPPING,
            "orders.csv has no column 'Client'",
        ),
        (b"", "", "orders.csv is empty"),
        (b"\x1f\x8bdamaged", "transactions: {path: orders.csv.gz}", "can't be read"),
    ],
    ids=["no column", "empty", "damaged"],
)
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, project: Path, content: bytes, mapping: str, expected: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / ("orders.csv.gz" if ".gz" in mapping else "orders.csv")).write_bytes(
        content
    )
    (data / "shop.yml").write_text(mapping)
    failed = run_build(
        tmp_path / "b",
        "--select",
        "base_retail__transactions",
        source=data / "shop.yml" if mapping else data,
        project=project,
    )
    assert failed.returncode != 0
    assert expected in failed.said
    assert "orders.csv" in failed.said
    assert "Traceback" not in failed.output
    assert "Nothing was published" in failed.said


def test_not_one_usable_order_is_said_with_reasons(
    tmp_path: Path, project: Path
) -> None:
    rows = "".join(f"{number},7,2099-01-01,5\n" for number in range(9))
    (tmp_path / "transactions.csv").write_text(HEADER + rows + "9,,2017-01-01,5\n")
    failed = run_build(tmp_path / "b", *CLEANING, source=tmp_path, project=project)
    assert failed.returncode != 0
    assert (
        "Of 10 rows of transactions 0 were accepted; not used: 9 date_in_the_future, "
        "1 null_customer." in failed.said
    )
    assert "inputs/template.yml" in failed.said
    assert "Nothing was published" in failed.said
    assert not (tmp_path / "b" / "published").exists()


def test_every_rejected_row_has_its_reason(tmp_path: Path, project: Path) -> None:
    good = "".join(f"{100 + day},7,2017-03-{day:02d},10\n" for day in range(1, 31))
    (tmp_path / "transactions.csv").write_text(
        "transaction_id,customer_id,transaction_date,list_price,order_status,quantity\n"
        + good.replace(",10\n", ",10,Approved,1\n")
        + "1,,2017-01-05,5,Approved,1\n"
        + "2,7,2017-01-05,,Approved,1\n"
        + "3,7,2017-01-05,free,Approved,1\n"
        + "4,7,2017-01-05,0,Approved,1\n"
        + "5,7,2017-01-05,-5,Approved,1\n"
        + "6,7,soon,5,Approved,1\n"
        + "7,7,2999-01-05,5,Approved,1\n"
        + "8,7,1900-01-05,5,Approved,1\n"
        + "9,7,2017-01-05,5,Cancelled,1\n"
        + "101,7,2017-03-01,10,Approved,1\n"
        + "102,7,2017-03-02,11,Approved,1\n"
        + "10,7,2017-03-20,5,Approved,-1\n"
        + "11,7,2016-03-20,5,Approved,-1\n"
    )
    built = run_build(
        tmp_path / "b",
        *CLEANING,
        source=tmp_path,
        project=project,
        variables={"contradicting_share_threshold": 0.05},
    )
    assert built.returncode == 0, built.output[-4000:]
    assert built.reasons() == {
        "cancelled_or_unknown_status": 1,
        "conflicting_duplicate_id": 1,
        "date_before_earliest": 1,
        "date_in_the_future": 1,
        "exact_duplicate": 1,
        "non_positive_price": 1,
        "null_customer": 1,
        "null_or_unparsable_price": 2,
        "unparsable_date": 1,
    }
    row = built.reconciled().loc["transactions"]
    assert row[["read_rows", "accepted_rows", "rejected_rows"]].to_list() == [
        43,
        33,
        9,
    ]
    assert row["merged_duplicates"] == 1
    assert row["is_balanced"]
    raw = built.work("select raw_row from marts.fct_rejected_rows")["raw_row"]
    assert raw.str.contains("soon").sum() == 1


# -- Tiny shops, built whole ----------------------------------------------------------


def simple_shop(folder: Path, rows: Iterable[tuple]) -> Path:
    folder.mkdir(parents=True)
    header = ["transaction_id", "customer_id", "transaction_date", "list_price"]
    numbered = ([number, *row] for number, row in enumerate(rows, 1))
    delimited(folder / "transactions.csv", header, numbered)
    return folder


def built_whole(tmp_path: Path, rows: Iterable[tuple], project: Path) -> Build:
    source = simple_shop(tmp_path / "data", rows)
    built = run_build(
        tmp_path / "b", *WITHOUT_UNIT_TESTS, source=source, project=project
    )
    assert built.returncode == 0, built.output[-6000:]
    return built


@pytest.mark.night
def test_a_shop_with_one_order(tmp_path: Path, project: Path) -> None:
    built = built_whole(tmp_path, [("007", "2017-03-31", "12.50")], project)
    assert built.query("select customer_id, orders from marts.dim_customers").to_dict(
        "records"
    ) == [{"customer_id": "007", "orders": 1}]
    segments = built.query("select distinct stage from marts.dim_segments")
    assert set(segments["stage"]) <= {"new"}
    assert "March 2017" in built.overview


@pytest.mark.night
def test_a_shop_of_five_customers_earns_no_names(tmp_path: Path, project: Path) -> None:
    chance = random.Random(1)
    start = datetime.date(2016, 1, 1)
    rows = [
        (number % 5, start + datetime.timedelta(6 * number), chance.randrange(5, 50))
        for number in range(120)
    ]
    built = built_whole(tmp_path, rows, project)
    trials = built.query("select * from marts.fct_segmentation_trials where is_chosen")
    assert not trials.empty
    assert not trials["has_structure"].any()
    assert trials["reason"].str.contains("5 customers are too few to tell").all()
    names = "select persona from marts.dim_segments where stage = 'active'"
    assert built.query(names)["persona"].str.match("Group|All active").all()
    assert "Whether there are segments in" in built.overview
    named = run_build(
        built.folder,
        "--select",
        "int_segments_evidenced",
        "dim_segments",
        source=tmp_path / "data",
        variables={"name_personas_anyway": True},
        project=project,
    )
    assert named.returncode == 0, named.output[-4000:]
    segments = named.work("select * from marts.dim_segments where stage = 'active'")
    clustered = segments[segments["segment_number"].notna()]
    # Of a group that is one customer nothing could be said but her name; others
    # have a name where a persona is true of them.
    unnamed = clustered["persona"].str.startswith("Group")
    reason = "nobody but one customer|No persona is true"
    told = clustered["persona_evidence"].str.contains(reason)
    assert (unnamed == told).all()
    clustered = clustered[~unnamed]
    assert not clustered["is_persona_earned"].any()
    assert clustered["recommended_action"].notna().all()


@pytest.mark.night
def test_a_shop_whose_customers_are_all_alike(tmp_path: Path, project: Path) -> None:
    rows = [
        (f"c{number % 40}", datetime.date(2017, 1 + number // 40, 28), 10)
        for number in range(480)
    ]
    built = built_whole(tmp_path, rows, project)
    trials = built.query("select * from marts.fct_segmentation_trials")
    assert not trials["has_structure"].any()
    months = built.query("select * from marts.fct_customer_months")
    assert set(months["frequency_orders"]) == {1}


# -- Well-known data ------------------------------------------------------------------


@needs_data("cdnow")
@pytest.mark.night
def test_cdnow(tmp_path: Path, project: Path) -> None:
    built = run_build(
        tmp_path / "b", *MODELS_ONLY, source="inputs/cdnow.yml", project=project
    )
    assert built.returncode == 0, built.output[-4000:]
    row = built.reconciled().loc["transactions"]
    assert row["read_rows"] == 69_659
    assert built.reasons() == {"non_positive_price": 80}
    assert row["accepted_rows"] == 69_579
    assert row["is_balanced"]


@pytest.mark.night
@needs_data("online_retail_ii")
def test_online_retail_ii(tmp_path: Path, project: Path) -> None:
    built = run_build(
        tmp_path / "b",
        *WITHOUT_UNIT_TESTS,
        source="inputs/online_retail_ii.yml",
        project=project,
    )
    assert built.returncode == 0, built.output[-6000:]
    row = built.reconciled().loc["transactions"]
    assert row["read_rows"] == 1_067_370
    assert row["accepted_rows"] == 794_165
    assert row["merged_duplicates"] == 26_402
    assert row["is_balanced"]
    assert built.reasons() == {
        "cancelled_or_unknown_status": 3_725,
        "exact_duplicate": 26_402,
        "non_positive_price": 71,
        "null_customer": 243_007,
    }
    orders = built.query(
        "select count(*), count(distinct customer_id), round(sum(amount), 2) "
        "from marts.fct_orders"
    )
    assert orders.iloc[0].to_list() == [43_876, 5_875, 16_358_629.29]
    trials = built.query("select * from marts.fct_segmentation_trials where is_chosen")
    assert trials["has_structure"].any()
    accuracy = built.query("select * from marts.rpt_forecast_accuracy")
    assert not accuracy.empty
