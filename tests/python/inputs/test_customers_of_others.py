"""Who a customer is, and what ids, statuses and words mean, in others' files."""

from __future__ import annotations

from pathlib import Path

import pytest
from cleaned import OTHERWISE, clean, needs_case

HEADER = "transaction_id,customer_id,transaction_date,list_price"


def orders_file(folder: Path, *rows: str, header: str = HEADER) -> Path:
    """Write an input of one file; return its folder."""
    (folder / "transactions.csv").write_text("\n".join([header, *rows, ""]))
    return folder


def people_file(folder: Path, *rows: str, header: str = "customer_id,gender") -> None:
    (folder / "customer_demographics.csv").write_text("\n".join([header, *rows, ""]))


# -- Shared cases ---------------------------------------------------------------------


def test_mail_addresses_fold_case_and_blanks() -> None:
    cleaned = clean(needs_case("08-mail-case-and-nbsp"))
    by_customer = [order["customer_id"] for order in cleaned.orders]
    assert by_customer.count("ana@example.com") == 4
    assert by_customer.count("bob@example.com") == 1


def test_a_customer_who_may_be_all_guests_is_named() -> None:
    cleaned = clean(needs_case("09-guests-as-customer-zero"))
    assert cleaned.findings == {"guest_customer", "orders_on_few_days"}
    assert "72 of 120 orders (60.0 %)" in cleaned.said
    assert "guest_customer_ids" in cleaned.said
    left_out = clean(needs_case("09-guests-as-customer-zero"), guest_customer_ids=[0])
    assert left_out.reasons() == {"guest_order": 72}
    assert left_out.findings == {"orders_on_few_days"}


def test_na_is_a_country_and_null_a_name() -> None:
    cleaned = clean(needs_case("16-na-is-a-country"))
    countries = [row["country"] for row in cleaned.tables["addresses"]]
    assert countries == ["NA", "NA", "NA", "US", "US"]
    names = [row["last_name"] for row in cleaned.tables["demographics"]]
    assert names == ["Null", "None", "Smith", "NA", "Lee"]
    assert "3 of 5 rows of customer_addresses (60.0 %) have NA" in cleaned.said


def test_ids_guarded_against_spreadsheets_match() -> None:
    cleaned = clean(needs_case("28-guarded-ids"))
    assert cleaned.customers == {"00123", "00124", "00125"}
    known = {
        row["customer_id"]: row["gender"] for row in cleaned.tables["demographics"]
    }
    assert known == {"00123": "Female", "00124": "Male", "00125": "Female"}


@pytest.mark.parametrize("words", ["ja", "si", "wahr", "x"])
def test_flags_in_other_words(words: str) -> None:
    cleaned = clean(needs_case("31-yes-in-other-words") / words)
    assert (cleaned.revenue, cleaned.returned) == (70, 30)


def test_statuses_of_woocommerce() -> None:
    cleaned = clean(needs_case("32-woocommerce-statuses"))
    assert cleaned.revenue == 60
    assert cleaned.returned == 15
    assert cleaned.reasons() == {"cancelled_or_unknown_status": 3}
    assert cleaned.findings == {"refunded_orders"}


def test_customers_that_no_other_table_knows_end_the_build() -> None:
    cleaned = clean(needs_case("demographics_with_other_zeros"))
    assert "None of the 20 customers of the orders is in customer_demo" in cleaned.said
    assert cleaned.stops


@pytest.mark.parametrize(
    "case", ["order_ids_of_two_shops", "order_lines_without_line_id"]
)
def test_repeated_order_ids_end_the_build(case: str) -> None:
    cleaned = clean(needs_case(case))
    assert cleaned.stops
    assert "line_id" in cleaned.said


def test_lines_of_an_order_share_what_its_first_line_says() -> None:
    cleaned = clean(needs_case("06-shopify-lines") / "my_shop.yml")
    assert cleaned.revenue == 69
    assert cleaned.returned == 45
    assert cleaned.reasons() == {"cancelled_or_unknown_status": 2}


# -- Their siblings -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("\u00a0 7 \u200b", "7"),
        ("\ufeff007", "007"),
        ("'007", "007"),
        ('"=""007"""', "007"),
        ("7.0", "7"),
        ("v12.0", "v12.0"),
        ("1.0.0", "1.0.0"),
        ("10.05", "10.05"),
        ("Zoe\u0308", "Zoë"),
        ("ANA@Example.COM\t", "ana@example.com"),
        ("Ana", "Ana"),
    ],
)
def test_an_id_is_written_in_one_way(tmp_path: Path, written: str, meant: str) -> None:
    cleaned = clean(orders_file(tmp_path, f"1,{written},2017-01-31,5"))
    assert cleaned.customers == {meant}


@pytest.mark.parametrize(
    "nothing",
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "NULL", "\\N", "(blank)", "\u00a0"],
)
def test_a_lookup_that_failed_is_no_customer(tmp_path: Path, nothing: str) -> None:
    folder = orders_file(
        tmp_path, f"1,{nothing},2017-01-30,5", "2,7,2017-01-31,5", "3,7,2017-01-31,5"
    )
    assert clean(folder).reasons() == {"null_customer": 1}


def test_a_word_that_is_no_flag_is_named(tmp_path: Path) -> None:
    rows = [f"{number},{number % 7},2017-01-31,5,no" for number in range(300)]
    header = f"{HEADER},is_return"
    few = clean(orders_file(tmp_path, *rows, "300,1,2017-01-31,5,maybe", header=header))
    assert few.reasons() == {"unknown_flag": 1}
    assert "'maybe' in is_return" in few.said
    assert not few.stops
    many = [row.replace(",no", ",perhaps") for row in rows[:9]] + rows[9:]
    assert "'perhaps'" in " ".join(
        clean(orders_file(tmp_path, *many, header=header)).stops
    )


def test_a_status_of_a_variable_may_be_written_in_any_way(tmp_path: Path) -> None:
    folder = orders_file(
        tmp_path,
        "1,7,2017-01-30,5,wc-Sent_Out",
        "2,7,2017-01-31,5,completed",
        header=f"{HEADER},order_status",
    )
    assert clean(folder).stops
    assert "SENT-out" in OTHERWISE["accepted_order_statuses"]
    assert len(clean(folder, **OTHERWISE).orders) == 2


def test_orders_without_a_status_among_others_are_said(tmp_path: Path) -> None:
    rows = ["1,7,2017-01-30,5,", "2,7,2017-01-31,5,completed"]
    cleaned = clean(orders_file(tmp_path, *rows, header=f"{HEADER},order_status"))
    assert len(cleaned.orders) == 2
    assert cleaned.findings == {"blank_status"}


def test_lines_that_contradict_each_other_lend_nothing(tmp_path: Path) -> None:
    header = f"{HEADER},order_status,line_id"
    rows = [
        "1,7,2017-01-30,5,completed,1",
        "1,,,5,,2",
        "2,7,2017-01-30,5,completed,1",
        "2,8,2017-01-31,5,cancelled,2",
        "2,,2017-01-31,5,,3",
    ]
    cleaned = clean(orders_file(tmp_path, *rows, header=header))
    (order,) = (it for it in cleaned.orders if it["order_id"] == "1")
    assert order["lines"] == 2
    assert cleaned.reasons()["null_customer"] == 1


def test_ids_that_a_spreadsheet_has_rounded_end_the_build(tmp_path: Path) -> None:
    folder = orders_file(tmp_path, "4.00E+15,7,2017-01-30,5", "4.01E+15,8,2017-01-31,5")
    assert "4.00E+15" in " ".join(clean(folder).stops)


def test_customers_alike_are_named(tmp_path: Path) -> None:
    folder = orders_file(
        tmp_path, "1,007,2017-01-30,5", "2,7,2017-01-31,5", "3,a1,2017-01-31,5"
    )
    assert clean(folder).findings == {"customers_alike"}


def test_customers_with_several_rows_are_named(tmp_path: Path) -> None:
    folder = orders_file(tmp_path, "1,a,2017-01-30,5", "2,b,2017-01-31,5")
    people_file(folder, "a,F", "a,M", "b,F", "b,F")
    cleaned = clean(folder)
    assert cleaned.findings == {"repeated_customers"}
    assert "1 of 4 rows of customer_demographics" in cleaned.said
