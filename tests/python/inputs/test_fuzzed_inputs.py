"""One shop, written down in hundreds of ways: right, or rejected, or said; never wrong.

Each input is the same few orders, in a style drawn by a seed for every part of it:
amounts, dates, ids, the file, and what goes wrong in it. Whatever comes out, no order
may be worth another amount, be of another day or of another customer than was written,
and no line may vanish, unless the build says so.
"""

from __future__ import annotations

import datetime
import gzip
import json
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from cleaned import Cleaned, clean

pytestmark = pytest.mark.long

INPUTS = 320
BATCHES = 16
AT_NIGHT = [pytest.param(it, marks=pytest.mark.night) for it in range(4, BATCHES)]
ORDERS = 48
# What an engine says to its programmers, and no sentence to a reader may.
ENGINE_WORDS = re.compile(
    r"Traceback|Error:|errno|Binder|Conversion|0x[0-9a-f]+|pyarrow|calamine"
)


@dataclass(frozen=True)
class Order:
    """One order as it was: the truth. A negative amount came back."""

    order_id: str
    customer_id: str
    day: datetime.date
    amount: Decimal


@dataclass
class Sheet:
    """The orders as texts, and what was done to them."""

    header: list[str]
    rows: list[list[str]]
    style: list[str] = field(default_factory=list)
    # Whether it contradicts itself, so that a build has to stop.
    is_undecided: bool = False
    # Lines that are no orders, or no longer what they were.
    noise_rows: int = 0


def made_orders(chance: random.Random) -> list[Order]:
    """Draw orders over 24 months; some come back later under an id of their own."""
    start = datetime.date(2021, 1, 1)
    orders = []
    for number in range(ORDERS):
        day = start + datetime.timedelta(15 * number + chance.randrange(10))
        cents = chance.choice([999, 1250, 4005, 123450, 250000, 10075, 5, 99999])
        customer = f"{chance.randrange(1, 13):04d}"
        orders.append(Order(f"A{number:05d}", customer, day, Decimal(cents) / 100))
    for number, order in enumerate(orders[4:44:9]):
        day = order.day + datetime.timedelta(3)
        first = min(it.day for it in orders if it.customer_id == order.customer_id)
        if day > first:
            orders.append(
                Order(f"R{number:05d}", order.customer_id, day, -order.amount)
            )
    return orders


# -- Amounts --------------------------------------------------------------------------

Writer = Callable[[Decimal], str]


def grouped(mark: str, point: str) -> Writer:
    def write(amount: Decimal) -> str:
        return f"{amount:,.2f}".translate(str.maketrans({",": mark, ".": point}))

    return write


def short(amount: Decimal) -> str:
    """Write no zeros that mean nothing: 12.5, 2500."""
    return f"{amount.normalize():f}"


AMOUNTS: dict[str, Writer] = {
    "plain": lambda amount: f"{amount:.2f}",
    "short": short,
    "short comma": lambda amount: short(amount).replace(".", ","),
    "american": grouped(",", "."),
    "german": grouped(".", ","),
    "french": grouped("\u202f", ","),
    "no-break": grouped("\u00a0", ","),
    "swiss": grouped("’", "."),
    "swiss typewriter": grouped("'", "."),
    "four decimals": lambda amount: f"{amount:.4f}",
}
CURRENCIES: dict[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "dollar": lambda text: f"${text}",
    "euro behind": lambda text: f"{text} €",
    "code": lambda text: f"EUR {text}",
    "rupees": lambda text: f"Rs.{text}",
    "crowns": lambda text: f"{text} kr.",
    "francs": lambda text: f"CHF\u00a0{text}",
}
MINUSES: dict[str, Callable[[str], str]] = {
    "hyphen": lambda text: f"-{text}",
    "minus": lambda text: f"\u2212{text}",
    "dash": lambda text: f"\u2013{text}",
    "brackets": lambda text: f"({text})",
    "behind": lambda text: f"{text}-",
}


def write_amounts(
    chance: random.Random, orders: list[Order], sheet: Sheet
) -> list[str]:
    style, currency, minus = (
        chance.choice(list(of)) for of in (AMOUNTS, CURRENCIES, MINUSES)
    )
    sheet.style += [f"amounts {style}", currency, minus]
    texts = []
    for order in orders:
        text = CURRENCIES[currency](AMOUNTS[style](abs(order.amount)))
        texts.append(MINUSES[minus](text) if order.amount < 0 else text)
    return texts


# -- Dates ----------------------------------------------------------------------------

DATES: dict[str, Callable[[datetime.date], str]] = {
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "iso with time": lambda day: f"{day:%Y-%m-%d}T22:15:00",
    "iso with zone": lambda day: f"{day:%Y-%m-%d} 23:30:00-05:00",
    "slashes": lambda day: f"{day:%Y/%m/%d}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "british": lambda day: f"{day:%d/%m/%Y}",
    "american": lambda day: f"{day.month}/{day.day}/{day.year}",
    "american with time": lambda day: f"{day:%m/%d/%Y} 1:05 PM",
    "german": lambda day: f"{day:%d.%m.%Y}",
    "german with time": lambda day: f"{day:%d.%m.%y} 09:15",
    "words": lambda day: f"{day.day} {day:%B %Y}",
    "american words": lambda day: f"{day:%b} {day.day}, {day.year}",
    "oracle": lambda day: f"{day:%d-%b-%y}".upper(),
    "mail": lambda day: f"{day:%a, %d %b %Y} 10:00:00 +0100",
    "serial": lambda day: str((day - datetime.date(1899, 12, 30)).days),
}


def write_dates(chance: random.Random, orders: list[Order], sheet: Sheet) -> list[str]:
    style = chance.choice(list(DATES))
    sheet.style.append(f"dates {style}")
    return [DATES[style](order.day) for order in orders]


# -- Ids ------------------------------------------------------------------------------

IDS: dict[str, Callable[[str, random.Random], str]] = {
    "plain": lambda text, chance: text,
    "blanks": lambda text, chance: f"{text}{chance.choice(['', ' ', chr(0xA0)])}",
    "zero width": lambda text, chance: f"{chance.choice(['', chr(0x200B)])}{text}",
    "guarded": lambda text, chance: f'="{text}"',
    "apostrophe": lambda text, chance: f"'{text}",
    "mail": lambda text, chance: (
        f"{chance.choice(['c', 'C'])}{text}@{chance.choice(['x.org', 'X.org'])}"
    ),
}


def meant_id(style: str, text: str) -> str:
    return f"c{text}@x.org" if style == "mail" else text


# -- What goes wrong ------------------------------------------------------------------


def no_noise(chance: random.Random, sheet: Sheet) -> None:
    """Leave all as it is."""


def blank_rows(chance: random.Random, sheet: Sheet) -> None:
    """Put in rows without a value, as spreadsheets do."""
    for _ in range(3):
        sheet.rows.insert(chance.randrange(len(sheet.rows)), [""] * len(sheet.header))


def total_row(chance: random.Random, sheet: Sheet) -> None:
    """Put a total below."""
    word = chance.choice(["Total", "Summe", "Grand Total", "TOTAL"])
    where = chance.choice([0, 1, 2])
    row = [""] * len(sheet.header)
    row[where], row[3] = word, "99999.00"
    sheet.rows.append(row)
    sheet.noise_rows += 1


def header_again(chance: random.Random, sheet: Sheet) -> None:
    """Repeat the header, as files do that were joined."""
    sheet.rows.insert(chance.randrange(5, len(sheet.rows)), list(sheet.header))
    sheet.noise_rows += 1


def copies(chance: random.Random, sheet: Sheet) -> None:
    """Write some rows twice."""
    for row in chance.sample(sheet.rows, 3):
        sheet.rows.append(list(row))
    sheet.noise_rows += 3


def no_dates(chance: random.Random, sheet: Sheet) -> None:
    """Put words, or dates that are none, where a date should be."""
    for position in chance.sample(range(len(sheet.rows)), 2):
        sheet.rows[position][2] = chance.choice(
            ["soon", "2021-02-30", "31.31.2021", "?"]
        )
    sheet.noise_rows += 2


def no_amounts(chance: random.Random, sheet: Sheet) -> None:
    """Put what is no number where a price should be."""
    words = ["free", "10 20", "12 for 3", "9" * 300, "5%", "1,2,3", "#VALUE!", "1e400"]
    for position in chance.sample(range(len(sheet.rows)), 2):
        sheet.rows[position][3] = chance.choice(words)
    sheet.noise_rows += 2


def wrong_year(chance: random.Random, sheet: Sheet) -> None:
    """Add an order of a far year."""
    year = chance.choice(["2031", "2003", "1021"])
    sheet.rows.append(["X00001", sheet.rows[0][1], f"{year}-03-13", "10.00"])
    sheet.noise_rows += 1


def other_style(chance: random.Random, sheet: Sheet) -> None:
    """Write some amounts in another style than the others, with cents."""
    for position in chance.sample(range(len(sheet.rows)), 6):
        text = sheet.rows[position][3]
        digits = re.sub("[^0-9]", "", text)
        if re.search("[.,][0-9]{2}[^0-9]*$", text) and len(digits) > 2:
            mark = chance.choice(".,")
            minus = "-" if re.search("[-(\u2212\u2013]", text) else ""
            sheet.rows[position][3] = f"{minus}{digits[:-2]}{mark}{digits[-2:]}"


def other_currency(chance: random.Random, sheet: Sheet) -> None:
    """Write some amounts in another currency: they can't be added up."""
    sheet.is_undecided = "none" not in sheet.style
    for row in chance.sample(sheet.rows, 3) if sheet.is_undecided else ():
        row[3] = f"{re.sub('[^0-9.,]', '', row[3]).strip('.,')} PLN"


def statuses(chance: random.Random, sheet: Sheet) -> None:
    """Add a status in many ways of writing, some that end an order."""
    good = ["Approved", "wc-completed", "PAID", " shipped ", "Delivered", "fulfilled"]
    sheet.header.append("Order Status")
    for row in sheet.rows:
        row.append(chance.choice(good))
    for row in chance.sample(sheet.rows, 2):
        row[4] = chance.choice(["Cancelled", "VOIDED", "wc-on-hold", "failed"])
    sheet.noise_rows += 2


def flags(chance: random.Random, sheet: Sheet) -> None:
    """Mark what came back by a word in place of a minus."""
    yes, no = chance.choice(
        [("Ja", "Nein"), ("X", ""), ("WAHR", "FALSCH"), ("true", "false"), ("1", "0")]
    )
    sheet.header.append("is_return")
    for row in sheet.rows:
        row.append(yes if row[0].startswith("R") else no)


def discounts(chance: random.Random, sheet: Sheet) -> None:
    """Add a discount of nothing to some lines, and quantities of one."""
    sheet.header += ["quantity", "discount_amount"]
    for row in sheet.rows:
        row += [chance.choice(["1", "1.0", ""]), chance.choice(["", "0", "0.00", "-0"])]


def stray_quotes(chance: random.Random, sheet: Sheet) -> None:
    """Add a note with a quote that nobody closes, in some lines."""
    sheet.header.append("note")
    for row in sheet.rows:
        row.append("as usual")
    for row in chance.sample(sheet.rows, 2):
        row[4] = '5" pipe'


def lines_of_orders(chance: random.Random, sheet: Sheet) -> None:
    """Write a second line of each order, with nothing that tells lines apart."""
    sheet.rows += [[*row[:3], "1.00"] for row in sheet.rows]
    sheet.is_undecided = True


def lookups(chance: random.Random, sheet: Sheet) -> None:
    """Put what a spreadsheet shows where it has failed."""
    for row in chance.sample(sheet.rows, 2):
        row[chance.choice([1, 2, 3])] = chance.choice(["#N/A", "#REF!", "#DIV/0!"])
    sheet.noise_rows += 2


NOISES = (
    *(no_noise, blank_rows, total_row, header_again, copies, no_dates, no_amounts),
    *(wrong_year, other_style, other_currency, statuses, flags, discounts),
    *(stray_quotes, lines_of_orders, lookups),
)


# -- Files ----------------------------------------------------------------------------


def delimited(separator: str) -> Callable[[Sheet], str]:
    def write(sheet: Sheet) -> str:
        def cell(text: str) -> str:
            if text.endswith('" pipe'):
                return text
            is_safe = not any(mark in text for mark in (separator, '"', "\n"))
            return text if is_safe else '"' + text.replace('"', '""') + '"'

        lines = [sheet.header, *sheet.rows]
        return "".join(separator.join(map(cell, line)) + "\n" for line in lines)

    return write


def write_workbook(path: Path, sheet: Sheet) -> None:
    book = openpyxl.Workbook()
    for row in (sheet.header, *sheet.rows):
        book.active.append([value or None for value in row])
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s" if cell.value is not None else cell.data_type
    book.save(path)


def write_json_lines(path: Path, sheet: Sheet) -> None:
    rows = (dict(zip(sheet.header, row, strict=True)) for row in sheet.rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


ENCODINGS = {
    "utf-8": ("utf-8", "replace"),
    "utf-8 with mark": ("utf-8-sig", "replace"),
    "utf-16": ("utf-16", "replace"),
    "windows": ("cp1252", "namereplace"),
}


def write_file(chance: random.Random, folder: Path, sheet: Sheet) -> None:
    kind = chance.choice(
        [",", ";", "\t", "|", ",", ";", "gz", "zip", "xlsx", "jsonl", "titled", "cr"]
    )
    sheet.style.append(f"file {kind!r}")
    name = "transactions"
    if kind == "xlsx":
        return write_workbook(folder / f"{name}.xlsx", sheet)
    if kind == "jsonl":
        sheet.rows = [row for row in sheet.rows if any(row)]
        return write_json_lines(folder / f"{name}.jsonl", sheet)
    separator = kind if len(kind) == 1 else ";"
    text = delimited(separator)(sheet)
    if kind == "titled":
        text = f"Orders of the shop\n\n{text}"
    if kind == "cr":
        text = text.replace("\n", "\r\n")
    encoding = chance.choice(list(ENCODINGS))
    try:
        content = text.encode(ENCODINGS[encoding][0])
    except UnicodeEncodeError:
        content = text.encode()
    sheet.style.append(encoding)
    if kind == "gz":
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content))
    elif kind == "zip":
        with zipfile.ZipFile(folder / f"{name}.csv.zip", "w") as archive:
            archive.writestr(f"{name}.csv", content)
    else:
        (folder / f"{name}.csv").write_bytes(content)
    return None


# -- The check ------------------------------------------------------------------------


def fuzzed(seed: int, folder: Path) -> tuple[list[Order], Sheet]:
    """Write the input of a seed; return the truth and what was written."""
    chance = random.Random(seed)
    orders = made_orders(chance)
    sheet = Sheet(
        ["transaction_id", "customer_id", "transaction_date", "list_price"], []
    )
    id_style = chance.choice(list(IDS))
    sheet.style.append(f"ids {id_style}")
    customers = [IDS[id_style](order.customer_id, chance) for order in orders]
    dates = write_dates(chance, orders, sheet)
    amounts = write_amounts(chance, orders, sheet)
    ids = [order.order_id for order in orders]
    sheet.rows = [list(row) for row in zip(ids, customers, dates, amounts, strict=True)]
    noise = chance.choice(NOISES)
    sheet.style.append(noise.__name__)
    noise(chance, sheet)
    write_file(chance, folder, sheet)
    truth = [
        Order(it.order_id, meant_id(id_style, it.customer_id), it.day, it.amount)
        for it in orders
    ]
    return truth, sheet


def faults(truth: list[Order], sheet: Sheet, cleaned: Cleaned) -> list[str]:
    """Say in what an outcome is wrong and silent; nothing where it is right."""
    words = [stop for stop in cleaned.stops if ENGINE_WORDS.search(stop)]
    if words:
        return [f"words of an engine: {words[0]}"]
    if cleaned.stops:
        return [] if any(" " in stop for stop in cleaned.stops) else ["no sentence"]
    found = ["it contradicts itself, and nobody says so"] * sheet.is_undecided
    meant = {order.order_id: order for order in truth}
    for order in cleaned.orders:
        was = meant.get(order["order_id"])
        if was is None:
            found.append(f"{order['order_id']} was never written")
            continue
        written = (was.customer_id, was.day, float(was.amount))
        got = (order["customer_id"], order["order_date"], round(order["amount"], 2))
        if got != written:
            found.append(f"{order['order_id']}: {written} became {got}")
    lines = sum(1 for row in sheet.rows if any(row))
    # A header that is repeated is no row, where the build says so.
    headers = sum("repeats the header" in note for note in cleaned.notes)
    if cleaned.read_rows() + headers != lines:
        found.append(f"{lines} rows were written, {cleaned.read_rows()} read")
    lost = len(truth) - len(cleaned.orders)
    if lost > sheet.noise_rows:
        found.append(f"{lost} orders rejected: {cleaned.reasons()}")
    return found


def test_the_fuzzer_sees_a_wrong_number(tmp_path: Path) -> None:
    truth, sheet = fuzzed(0, tmp_path)
    cleaned = clean(tmp_path)
    assert not faults(truth, sheet, cleaned)
    if cleaned.stops:
        pytest.fail(cleaned.said)
    cleaned.orders[0]["amount"] *= 100
    assert faults(truth, sheet, cleaned)


@pytest.mark.parametrize("batch", [*range(4), *AT_NIGHT])
def test_no_wrong_number_in_silence(tmp_path: Path, batch: int) -> None:
    found = {}
    for seed in range(batch, INPUTS, BATCHES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        truth, sheet = fuzzed(seed, folder)
        if wrong := faults(truth, sheet, clean(folder)):
            found[f"{seed}: {', '.join(sheet.style)}"] = wrong[:3]
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
