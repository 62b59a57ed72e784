"""What amounts mean in other people's files: signs, refunds, decimals, currencies."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from cleaned import OTHERWISE, Cleaned, clean, needs_case

ID, CUSTOMER, DAY, PRICE = (
    "transaction_id",
    "customer_id",
    "transaction_date",
    "list_price",
)
HEADER = (ID, CUSTOMER, DAY, PRICE)
SHOP = [(f"s{n}", "A", "2017-01-02", "100") for n in range(1, 6)]


def cleaned_rows(folder: Path, *rows: tuple[str, ...], more: str = "") -> Cleaned:
    """Clean orders of `transaction_id, customer_id, transaction_date, list_price`.

    `more` names further columns; what a row lacks is blank.
    """
    header = [*HEADER, *more.split()]
    blank = [""] * len(header)
    rows = tuple((*row, *blank[len(row) :]) for row in rows)
    with (folder / "transactions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return clean(folder)


def prices(folder: Path, *texts: str) -> dict[str, float | None]:
    """Read each text as a price of one file: text -> what was read."""
    rows = [(f"o{n}", "A", "2017-01-02", text) for n, text in enumerate(texts)]
    typed = cleaned_rows(folder, *rows).tables["typed"]
    read = {row[ID]: row[PRICE] for row in typed}
    return {row[3]: read[row[0]] for row in rows}


# -- Shared cases ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "revenue", "reasons", "findings"),
    [
        ("04-whole-thousands-german", 8480, {}, {"points_taken_for_thousands"}),
        ("11-negative-discounts", 57, {}, set()),
        ("18-total-rows", 100, {"total_row": 4}, {"total_rows"}),
        ("42-comma-only-in-the-discount/discount", 236.75, {}, set()),
        ("42-comma-only-in-the-discount/weight", 29, {}, set()),
        ("45-currency-words-with-dots/rs", 1780.5, {}, set()),
        ("45-currency-words-with-dots/rub", 1700.5, {}, set()),
        ("48-credit-and-debit-marks", 130, {}, {"credit_marks"}),
        ("53-order-that-was-refunded", 130, {}, {"refunded_orders"}),
        ("price_comma_among_points", 24_624.88, {}, set()),
        ("price_huge", 24_612.38, {"absurd_amount": 1}, {"absurd_amounts"}),
        ("price_points_among_commas", 24_612.38, {}, set()),
        ("return_that_mirrors_its_discount", 24_612.38, {}, set()),
    ],
)
def test_case(
    case: str, revenue: float, reasons: dict[str, int], findings: set[str]
) -> None:
    folder, _, part = case.partition("/")
    cleaned = clean(needs_case(folder) / part)
    assert cleaned.revenue == revenue
    assert cleaned.reasons() == reasons
    assert cleaned.findings == findings
    assert cleaned.stops == ()


def test_case_minus_signs() -> None:
    """No refund counts as a sale; those of what nobody bought count, and are named."""
    cleaned = clean(needs_case("01-minus-signs"))
    assert sum(order["list_amount"] for order in cleaned.orders) == 190
    assert cleaned.returned == 66
    assert cleaned.revenue == 124
    assert cleaned.reasons() == {}
    unmatched = [it for it in cleaned.orders if it["is_unmatched_return"]]
    assert sum(order["amount"] for order in unmatched) == -31
    assert "worth 31.00" in cleaned.said


def test_case_discounts_in_percent() -> None:
    cleaned = clean(needs_case("12-discounts-in-percent"))
    assert cleaned.reasons() == {"null_or_unparsable_price": 3}
    assert "assert_rejected_rows_are_few" in cleaned.stops
    assert "a share in discount_amount, for example '20%'" in cleaned.said


def test_case_month_of_refunds() -> None:
    cleaned = clean(needs_case("25-month-of-refunds") / "my_shop.yml")
    assert cleaned.revenue == 97_764.75
    april = [it for it in cleaned.orders if str(it["order_date"]) >= "2018-04"]
    assert round(sum(order["amount"] for order in april), 2) == -20_664.33


def test_case_two_currencies_in_one_column() -> None:
    """kr and Fr. are no decimal points, and no one currency."""
    cleaned = clean(needs_case("45-currency-words-with-dots") / "kr")
    assert [row[PRICE] for row in cleaned.tables["typed"]] == [500, 250, 500]
    assert cleaned.findings == {"several_currencies"}
    assert cleaned.stops


# -- What is a number -----------------------------------------------------------------

DECIDED = {
    # Signs.
    "-5": -5, "−5": -5, "–5.5": -5.5, "‒5": -5, "－5": -5, "(5.00)": -5, "($5)": -5,
    "$(5)": -5, "(-5)": -5, "5.00-": -5, "5 €-": -5, "-$7.00": -7, "$-7.00": -7,
    "12.50- EUR": -12.5, "+5": 5, "20.00 CR": -20, "CR 20": -20, "20 DR": 20,
    "USD 20 CR": -20, "500,-": 500, "500.–": 500, "500,-- €": 500, "-500,-": -500,
    # The mark that stands before one, two or more than three digits, or after a 0.
    "12.5": 12.5, "12,5": 12.5, "12,50": 12.5, "1.2345": 1.2345, "0.250": 0.25,
    "0,250": 0.25, ".50": 0.5, "$.50": 0.5, "1234.567": 1234.567, "500.": 500,
    # Thousands, and blanks and apostrophes of every kind between them.
    "1,234.56": 1234.56, "1.234,56": 1234.56, "1.234.567": 1_234_567,
    "1,234,567": 1_234_567, "1,23,456.00": 123_456, "12,34,567": 1_234_567,
    "1 234,5": 1234.5, "1\u00a0234,5": 1234.5, "1\u202f234": 1234,
    "1\u2009234": 1234, "1\u2007234": 1234, "1\u3000234": 1234, "1'234.50": 1234.5,
    "1’234": 1234, "1‘234": 1234, "1ʼ234": 1234, "1`234": 1234, "1 234.567": 1234.567,
    # Currency words, whose dots belong to them.
    "Rs.500": 500, "Rs.1,200.50": 1200.5, "Rs. 80": 80, "kr.500": 500, "500 kr.": 500,
    "Fr.250": 250, "1 490,00 руб.": 1490, "200,00 р.": 200, "S/.50": 50, "12 Kč": 12,
    "Kč 12,5": 12.5, "zł 5": 5, "R$ 1.234,50": 1234.5, "US$ 5": 5, "A$5": 5,
    "CHF 1'234.50": 1234.5, "$5 USD": 5, "€12": 12, "£ 12": 12, "2 x": 2,
    "₹1,23,456.5": 123_456.5, "3 Stk.": 3,
    # As machines write them, and digits of other scripts.
    "1.0E7": 1e7, "1e+16": 1e16, "1.234E7": 12_340_000, "１２．５０": 12.5, "١٢٣": 123,
}  # fmt: skip
UNREADABLE = [
    "10 20", "1 2345", "1.2.3", "1.23.456", "12,34.5", "1.234.56", "12.50.", "--5",
    "-7-", "(5", "5)", "-5 CR", "5+", "10%", "10 ％", "5k", "5 Mio", "5 lakh",
    "12. Mai", "12-May", "May 12", "01.05.2018", "1/2", "12:30", "12 for 3",
    "5 EUR 300", "$5 EUR", "eur.50", "Rs,500", "$.500", "#5", "<5", "~5", "3½", "12²",
    "१.50", "١٢٣٫٥", "inf", "5 cents", "1,2E+03", "Ⅻ",
]  # fmt: skip
EITHER = {"1.250": (1.25, 1250), "1,250": (1250, 1.25), "€ 999.125": (999.125, 999_125)}


@pytest.mark.parametrize(("proof", "place"), [("0.5", 0), ("0,5", 1)])
def test_what_can_be_either_is_read_as_the_file_proves(
    tmp_path: Path, proof: str, place: int
) -> None:
    expected = {text: both[place] for text, both in EITHER.items()}
    assert prices(tmp_path, proof, *EITHER) == {proof: 0.5, **expected}


def test_a_value_whose_own_form_decides_is_always_read_so(tmp_path: Path) -> None:
    assert prices(tmp_path, *DECIDED) == DECIDED


def test_what_is_no_number_is_rejected_and_named(tmp_path: Path) -> None:
    rows = [(f"o{n}", "A", "2017-01-02", text) for n, text in enumerate(UNREADABLE)]
    cleaned = cleaned_rows(tmp_path, *SHOP, *rows)
    assert cleaned.reasons() == {"null_or_unparsable_price": len(UNREADABLE)}
    assert cleaned.revenue == 500
    assert {"unread_numbers", "percent_amounts"} <= cleaned.findings
    assert "39 of 46 rows of transactions hold in list_price" in cleaned.said


# -- The decimal sign of the file -----------------------------------------------------


def test_the_number_columns_decide_together(tmp_path: Path) -> None:
    """The cost alone shows that commas are decimal: 1.250 is a thousand and more."""
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "1.250", "1,125", "0,75"),
        ("2", "A", "2017-01-03", "980", "1", "700"),
        more="quantity standard_cost",
    )
    assert cleaned.revenue == round(1250 * 1.125 + 980, 2)
    assert cleaned.findings == set()


def test_where_both_are_proven_what_can_be_either_is_rejected(tmp_path: Path) -> None:
    cleaned = cleaned_rows(
        tmp_path,
        *SHOP,
        ("1", "A", "2017-01-02", "12.50", "1"),
        ("2", "A", "2017-01-03", "12,50", "1"),
        ("3", "A", "2017-01-04", "1.250", "1"),
        ("4", "A", "2017-01-04", "10", "1,000"),
        more="quantity",
    )
    assert cleaned.revenue == 525
    assert cleaned.reasons() == {"ambiguous_amount": 2}
    assert "2 of 9 rows" in cleaned.said
    assert "decimal_separator" in cleaned.said


def test_both_marks_before_three_digits_contradict_each_other(tmp_path: Path) -> None:
    cleaned = cleaned_rows(
        tmp_path,
        *SHOP,
        ("1", "A", "2017-01-02", "1.250"),
        ("2", "A", "2017-01-02", "1,250"),
    )
    assert cleaned.revenue == 500
    assert cleaned.reasons() == {"ambiguous_amount": 2}


def test_what_was_taken_for_thousands_is_said(tmp_path: Path) -> None:
    cleaned = cleaned_rows(tmp_path, *SHOP, ("1", "A", "2017-01-02", "1,250"))
    assert cleaned.revenue == 1750
    assert cleaned.findings == {"commas_taken_for_thousands"}
    assert "whether 1,250 is a thousand" in cleaned.said


@pytest.mark.parametrize(
    ("texts", "read", "findings"),
    [
        (["1.250"], [1250.0], {"points_taken_for_thousands"}),
        (["1,250"], [1250.0], {"commas_taken_for_thousands"}),
        (["1.250", "0.75"], [1.25, 0.75], set()),
        (["1.250", "0,75"], [1250.0, 0.75], set()),
        (["1.250", "0.75", "0,75"], [None, 0.75, 0.75], {"ambiguous_amounts"}),
        (["1250 EUR"], [1250.0], {"amounts_without_currency"}),
    ],
)
@pytest.mark.parametrize("kind", ["workbook", "objects"])
def test_typed_numbers_are_themselves_and_prove_nothing_of_texts(
    texts: list[str],
    read: list[float | None],
    findings: set[str],
    kind: str,
    tmp_path: Path,
) -> None:
    prices = [12.5, 7, 1.125, *texts]
    rows = [(f"o{n}", "A", "2017-01-02", price) for n, price in enumerate(prices)]
    if kind == "objects":
        lines = [json.dumps(dict(zip(HEADER, row, strict=True))) for row in rows]
        (tmp_path / "transactions.json").write_text("\n".join(lines))
    else:
        workbook = openpyxl.Workbook()
        for row in [HEADER, *rows]:
            workbook.active.append(row)
        workbook.save(tmp_path / "transactions.xlsx")
    cleaned = clean(tmp_path)
    typed = sorted((row[ID], row[PRICE]) for row in cleaned.tables["typed"])
    assert [price for _, price in typed] == [12.5, 7, 1.125, *read]
    assert cleaned.findings == findings


def test_typed_numbers_prove_nothing_where_a_mapping_computes(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["Order", "Buyer", "Day", "Price", "Pieces"])
    for number, price in enumerate((12.5, 1.125, "1.250")):
        workbook.active.append([number, "A", "2017-01-02", price, 2])
    workbook.save(tmp_path / "book.xlsx")
    for said, revenue in (("auto", 2527.25), ("point", 29.75)):
        (tmp_path / "shop.yml").write_text(
            f"transactions: {{path: {tmp_path}/book.xlsx, decimal: {said}, columns: {{"
            "transaction_id: Order, customer_id: Buyer, transaction_date: Day, "
            "list_price: Price * Pieces}}\n"
        )
        cleaned = clean(tmp_path / "shop.yml")
        assert cleaned.revenue == revenue
        assert ("1.250" in cleaned.said) == (said == "auto")


def test_the_variable_decides_what_nothing_else_does(tmp_path: Path) -> None:
    rows = [("1", "A", "2017-01-02", "1.250"), ("2", "A", "2017-01-02", "12.50")]
    cleaned_rows(tmp_path, *rows)
    cleaned = clean(tmp_path, **OTHERWISE)
    assert cleaned.revenue == 1262.5
    assert cleaned.findings == set()


# -- Signs ----------------------------------------------------------------------------


def test_a_minus_makes_a_return(tmp_path: Path) -> None:
    """In the price, the quantity or both; discounts have no sign of their own."""
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "5", "-50", "20"),
        ("2", "A", "2017-01-03", "-100", "1", "10", "20"),
        ("3", "A", "2017-01-03", "100", "-1", "-10", "20"),
        ("4", "A", "2017-01-03", "-100", "-1", "10", "-20"),
        more="quantity discount_amount standard_cost",
    )
    assert [order["amount"] for order in cleaned.orders] == [450, -90, -90, -90]
    assert cleaned.returned == 270
    assert cleaned.orders[0]["cost_amount"] == 100
    assert cleaned.reasons() == {}


def test_a_discount_beyond_its_price_makes_no_sale_of_a_return(tmp_path: Path) -> None:
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "0"),
        ("2", "A", "2017-01-03", "-10", "15"),
        ("3", "A", "2017-01-03", "10", "15"),
        more="discount_amount",
    )
    assert cleaned.revenue == 100
    assert cleaned.reasons() == {"non_positive_price": 2}
    assert "discounts_beyond_prices" in cleaned.findings


def test_the_input_may_say_that_a_minus_is_no_return(tmp_path: Path) -> None:
    """The mark and the price contradict each other: neither sale nor return."""
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "no"),
        ("2", "A", "2017-01-03", "-10", "no"),
        ("3", "A", "2017-01-03", "10", "yes"),
        more="is_return",
    )
    assert cleaned.revenue == 90
    assert cleaned.reasons() == {"non_positive_price": 1}


def test_a_cancelled_booking_with_a_minus_is_named(tmp_path: Path) -> None:
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "paid"),
        ("2", "A", "2017-01-03", "-100", "cancelled"),
        more="order_status",
    )
    assert cleaned.revenue == 100
    assert "cancelled_returns" in cleaned.findings


def test_a_return_under_the_id_of_its_order_is_no_conflict(tmp_path: Path) -> None:
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "paid"),
        ("1", "A", "2017-01-05", "-30", "paid"),
        ("2", "A", "2017-01-02", "50", "paid"),
        ("2", "A", "2017-01-05", "20", "refunded"),
        ("3", "A", "2017-01-02", "100", "paid"),
        ("3", "A", "2017-01-02", "100", "paid"),
        ("3", "A", "2017-01-05", "-30", "paid"),
        more="order_status",
    )
    assert [order["amount"] for order in cleaned.orders] == [70, 30, 70]
    assert cleaned.returned == 80
    assert cleaned.reasons() == {"exact_duplicate": 1}


# -- Refunds --------------------------------------------------------------------------


@pytest.mark.parametrize("first_day", ["2017-01-01", "2017-02-01"])
def test_a_refunded_order_is_a_sale_and_a_return_of_that_day(
    tmp_path: Path, first_day: str
) -> None:
    """The same whether it is the customer's first order or not."""
    other = ("0", "A", first_day, "7", "1", "0", "4", "paid")
    order = ("1", "A", "2017-01-05", "30")
    more = "quantity discount_amount standard_cost order_status"
    status = cleaned_rows(
        tmp_path, other, (*order, "2", "10", "9", "Refunded"), more=more
    )
    booked = cleaned_rows(
        tmp_path,
        other,
        (*order, "2", "10", "9", "paid"),
        (*order, "-2", "10", "9", "paid"),
        more=more,
    )
    for order in (*status.orders, *booked.orders):
        del order["lines"]
    assert status.orders == booked.orders
    refunded = status.orders[1]
    assert (refunded["amount"], refunded["returned_amount"]) == (0, 50)
    assert refunded["list_amount"] == 60
    assert not refunded["is_return"]


def test_a_column_of_refunds_gives_back_a_part(tmp_path: Path) -> None:
    """With or without a sign, never more than the order brought, and once."""
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "30", "paid"),
        ("2", "A", "2017-01-02", "100", "-30", "paid"),
        ("3", "A", "2017-01-02", "100", "119", "refunded"),
        ("4", "A", "2017-01-02", "100", "", "paid"),
        ("5", "A", "2017-01-03", "-100", "100", "paid"),
        ("6", "A", "2017-01-03", "100", "a bit", "paid"),
        more="refunded_amount order_status",
    )
    assert [order["amount"] for order in cleaned.orders] == [70, 70, 0, 100, -100]
    assert cleaned.reasons() == {"null_or_unparsable_price": 1}


def test_lines_of_an_order_are_refunded_each(tmp_path: Path) -> None:
    """A refunded line beside one of another product was sold and given back."""
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "100", "1", "shoe", "paid"),
        ("1", "A", "2017-01-02", "40", "2", "hat", "refunded"),
        ("2", "A", "2017-01-02", "100", "1", "shoe", "paid"),
        ("2", "A", "2017-01-02", "100", "2", "shoe", "refunded"),
        more="line_id product_id order_status",
    )
    assert [order["amount"] for order in cleaned.orders] == [100, 0]
    assert [order["list_amount"] for order in cleaned.orders] == [140, 100]


# -- Currencies -----------------------------------------------------------------------


def test_amounts_of_several_currencies_stop(tmp_path: Path) -> None:
    """Each is named with its rows; a sign that is shared is no other one."""
    texts = ["$5", "CAD 5", "A$5", "5 zł", "PLN 5 CR", "€5", "5 €", "5 eur", "5"]
    rows = [(f"o{n}", "A", "2017-01-02", text) for n, text in enumerate(texts)]
    cleaned = cleaned_rows(tmp_path, *SHOP, *rows)
    found = [it for it in cleaned.tables["findings"] if it["severity"] == "stop"]
    counts = {it["value"]: it["found_rows"] for it in found}
    assert counts == {"CAD": 1, "AUD": 1, "PLN": 2, "EUR": 3}
    assert "3 of 14 rows of transactions (21.4 %) are in EUR (list_price)" in (
        cleaned.said
    )


def test_one_currency_in_other_words_is_one(tmp_path: Path) -> None:
    texts = ["$5", "5 USD", "US$5", "$5 USD", "USD 5", "5"]
    rows = [(f"o{n}", "A", "2017-01-02", it, "usd") for n, it in enumerate(texts)]
    cleaned = cleaned_rows(tmp_path, *rows, more="currency")
    assert cleaned.revenue == 30
    assert cleaned.findings == set()


def test_amounts_without_a_currency_beside_others_are_said(tmp_path: Path) -> None:
    rows = [*SHOP[:3], ("o1", "A", "2017-01-02", "12,50 €")]
    cleaned = cleaned_rows(tmp_path, *rows)
    assert cleaned.revenue == 312.5
    assert cleaned.findings == {"amounts_without_currency"}
    assert "3 of 4 rows of transactions (75.0 %) have no currency" in cleaned.said
    assert "EUR" in cleaned.said


def test_amounts_without_a_currency_are_said_where_a_mapping_computes(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop.yml").write_text(
        f"transactions: {{path: {tmp_path}/orders.csv, columns: {{"
        "transaction_id: Order, customer_id: Buyer, transaction_date: Day, "
        "list_price: Price * Pieces}}\n"
    )
    for other, is_said in (("7", True), ("0", False), ("7 EUR", False)):
        (tmp_path / "orders.csv").write_text(
            "Order;Buyer;Day;Price;Pieces\n"
            f"1;A;2017-01-02;12,50 €;2\n2;A;2017-01-03;{other};2\n"
        )
        said = clean(tmp_path / "shop.yml").said
        assert ("have no currency and others have EUR" in said) == is_said


def test_a_column_of_currencies_with_gaps_is_said(tmp_path: Path) -> None:
    rows = [(*row, "EUR") for row in SHOP]
    assert cleaned_rows(tmp_path, *rows, more="currency").findings == set()
    rows[0] = (*SHOP[0], "")
    cleaned = cleaned_rows(tmp_path, *rows, more="currency")
    assert cleaned.findings == {"amounts_without_currency"}
    assert "1 of 5 rows" in cleaned.said


@pytest.mark.parametrize(
    ("prices", "discounts", "currency"),
    [
        # Nothing is nothing in every currency; a column that names none is like others.
        (["12,50 €", "0"], ["", ""], ["", ""]),
        (["12,50 €", "7 EUR"], ["1", "2"], ["", ""]),
        # The column of currencies tells those that the amounts do not.
        (["12,50 €", "7"], ["", ""], ["EUR", "EUR"]),
        (["12,50", "n/a"], ["", ""], ["", ""]),
    ],
)
def test_amounts_in_one_currency_are_nothing_to_say(
    prices: list[str], discounts: list[str], currency: list[str], tmp_path: Path
) -> None:
    rows = [
        (f"o{n}", "A", "2017-01-02", *row)
        for n, row in enumerate(zip(prices, discounts, currency, strict=True))
    ]
    cleaned = cleaned_rows(tmp_path, *rows, more="discount_amount currency")
    assert "amounts_without_currency" not in cleaned.findings


def test_a_column_of_currencies_stops(tmp_path: Path) -> None:
    cleaned = cleaned_rows(
        tmp_path,
        ("1", "A", "2017-01-02", "5", "EUR"),
        ("2", "A", "2017-01-02", "5", "€"),
        ("3", "A", "2017-01-02", "5", "Dollar"),
        more="currency",
    )
    assert cleaned.findings == {"several_currencies"}
    assert "2 of 3 rows of transactions (66.7 %) are in EUR (currency)" in cleaned.said
    assert "1 of 3 rows of transactions (33.3 %) are in DOLLAR" in cleaned.said


# -- Absurd numbers -------------------------------------------------------------------


def test_an_absurd_number_rejects_its_row(tmp_path: Path) -> None:
    absurd = [
        ("9" * 300, "1", "0", "0"),
        ("1e300", "1", "0", "0"),
        ("1", "4006381333931", "0", "0"),
        ("1e7", "1e7", "0", "0"),
        ("1", "1", "1e300", "0"),
        ("1", "1", "0", "9" * 40),
        ("1e200", "1e200", "0", "0"),
    ]
    cleaned = cleaned_rows(
        tmp_path,
        *SHOP,
        *((f"o{n}", "A", "2017-01-02", *row) for n, row in enumerate(absurd)),
        more="quantity discount_amount standard_cost",
    )
    assert cleaned.revenue == 500
    assert cleaned.reasons() == {"absurd_amount": len(absurd)}
    assert "absurd_amounts" in cleaned.findings


def test_amounts_that_add_up_to_too_much_stop(tmp_path: Path) -> None:
    rows = [(f"o{n}", "A", "2017-01-02", "9e11") for n in range(12)]
    cleaned = cleaned_rows(tmp_path, *rows)
    assert "amounts_too_large" in cleaned.findings
    assert cleaned.stops


def test_what_is_far_beyond_all_others_is_named(tmp_path: Path) -> None:
    rows = [(f"o{n}", "A", "2017-01-02", "20") for n in range(30)]
    assert cleaned_rows(tmp_path, *rows).findings == set()
    cleaned = cleaned_rows(tmp_path, *rows, ("x", "A", "2017-01-02", "700"))
    assert cleaned.findings == {"most_of_revenue"}
    assert "is worth 700.00" in cleaned.said
    cleaned = cleaned_rows(tmp_path, *rows, ("x", "A", "2017-01-02", "400000"))
    assert cleaned.findings == {"most_of_revenue", "amounts_far_beyond_others"}
    assert cleaned.stops == ()


# -- Totals ---------------------------------------------------------------------------


def test_totals_are_no_orders(tmp_path: Path) -> None:
    totals = [
        ("Total", "A", "2017-01-02", "500"),
        ("Grand Total", "", "", "500"),
        ("", "Summe:", "", "500"),
        ("", "", "Gesamtsumme", "500"),
        ("Subtotal A", "A", "", "500"),
        ("ИТОГО", "A", "2017-01-02", "500"),
    ]
    cleaned = cleaned_rows(tmp_path, *SHOP, *totals)
    assert cleaned.revenue == 500
    assert cleaned.reasons() == {"total_row": 6}
    assert cleaned.stops == ()


def test_a_name_that_begins_like_a_total_is_none(tmp_path: Path) -> None:
    cleaned = cleaned_rows(tmp_path, ("Totalis-1", "Total Energies", "2017-01-02", "5"))
    assert cleaned.revenue == 5
