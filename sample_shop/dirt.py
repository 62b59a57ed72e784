"""The dirt of real exports, planted at known rates and counted.

The dirt of transactions never falls twice on the same row, so the manifest counts
are exact: one planted fault, one row.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from trajectories.sample_shop.orders import Orders
from trajectories.sample_shop.shop_calendar import ShopCalendar

# dirt -> (share of the transactions, what cleaning should do with the row: accept it,
# repair a value, or give the row this reason code)
TRANSACTION_DIRT = {
    "thousands_separator_price": (0.002, "repaired"),
    "null_customer_id": (0.003, "null_customer"),
    "null_price": (0.003, "null_or_unparsable_price"),
    "unparsable_price": (0.001, "null_or_unparsable_price"),
    "zero_price": (0.001, "non_positive_price"),
    "negative_price": (0.001, "non_positive_price"),
    "null_date": (0.001, "unparsable_date"),
    "unparsable_date": (0.001, "unparsable_date"),
    "future_date": (0.001, "date_in_the_future"),
    "before_1990_date": (0.0005, "date_before_earliest"),
    "cancelled_status": (0.009, "cancelled_or_unknown_status"),
    "unknown_status": (0.001, "cancelled_or_unknown_status"),
    "exact_duplicate": (0.004, "exact_duplicate"),
    "conflicting_duplicate": (0.001, "conflicting_duplicate_id"),
    "excel_serial_date": (0.002, "repaired"),
    "day_month_year_date": (0.002, "repaired"),
    "currency_sign_price": (0.004, "repaired"),
    "blank_padded_customer_id": (0.003, "repaired"),
    "blank_padded_transaction_id": (0.001, "repaired"),
    "null_online_order": (0.005, "accepted"),
}
NEGATIVE_QUANTITY_SHARE = 0.1  # of the returns

_UNPARSABLE_PRICES = ("n/a", "TBC", "-", "#REF!")
_UNPARSABLE_DATES = ("2017-13-45", "2017-02-30", "not a date", "tomorrow")
_EARLY_DATES = ("1970-01-01", "1899-12-30", "1900-01-01", "1989-12-31")
_UNKNOWN_STATUSES = ("???", "Aproved?", "On hold", "99")


@dataclass
class DirtManifest:
    """What was planted: rows by input table and dirt, and the expected outcome."""

    rows: list[tuple[str, str, int, str]] = field(default_factory=list)

    def add(self, input_table: str, dirt: str, rows: int, outcome: str) -> None:
        """Count one kind of dirt."""
        self.rows.append((input_table, dirt, int(rows), outcome))

    def frame(self) -> pd.DataFrame:
        """Return input_table, dirt, planted_rows, outcome.

        The outcome is accepted, repaired, or the reason code of the rejection.
        """
        columns = ["input_table", "dirt", "planted_rows", "outcome"]
        return pd.DataFrame(self.rows, columns=columns)


@dataclass(frozen=True)
class TransactionDirt:
    """Where the dirt of transactions lies.

    Attributes:
        sources: (rows,) the order that each exported row shows; a duplicate
            repeats its order, right after it.
        overrides: column -> (sorted exported row numbers, texts; None for null).
    """

    sources: np.ndarray
    overrides: dict[str, tuple[np.ndarray, np.ndarray]]


def _pick_rows(rng, orders: Orders) -> dict[str, np.ndarray]:
    """Choose rows for each dirt, without overlap; returns stay clean."""
    counts = {
        dirt: max(1, round(share * len(orders)))
        for dirt, (share, _) in TRANSACTION_DIRT.items()
    }
    dear = np.flatnonzero(~orders.is_return & (orders.list_prices >= 1000))
    count = min(counts.pop("thousands_separator_price"), len(dear))
    picked = {"thousands_separator_price": rng.choice(dear, count, replace=False)}
    is_free = ~orders.is_return
    is_free[picked["thousands_separator_price"]] = False
    rest = np.flatnonzero(is_free)
    chosen = rng.choice(rest, sum(counts.values()), replace=False)
    parts = np.split(chosen, np.cumsum(list(counts.values()))[:-1])
    picked |= dict(zip(counts, parts, strict=True))
    returned = np.flatnonzero(orders.is_return)
    count = round(NEGATIVE_QUANTITY_SHARE * len(returned))
    picked["negative_quantity_return"] = rng.choice(returned, count, replace=False)
    return {dirt: np.sort(rows) for dirt, rows in picked.items()}


def _texts(rng, dirt, rows, orders: Orders, dates, ids) -> list[tuple]:
    """Return (column, texts) pairs of the dirt on some orders."""
    prices = orders.list_prices[rows]
    days = dates[orders.days[rows]]
    iso = np.datetime_as_string(days)
    nothing = np.full(len(rows), None)
    match dirt:
        case "thousands_separator_price":
            return [("list_price", [f"{price:,.2f}" for price in prices])]
        case "currency_sign_price":
            return [("list_price", [f"${price:,.2f}" for price in prices])]
        case "null_price":
            return [("list_price", nothing)]
        case "unparsable_price":
            return [("list_price", rng.choice(_UNPARSABLE_PRICES, len(rows)))]
        case "zero_price":
            return [("list_price", ["0.00"] * len(rows))]
        case "negative_price":
            return [("list_price", [f"-{price:.2f}" for price in prices])]
        case "null_customer_id":
            return [("customer_id", nothing)]
        case "blank_padded_customer_id":
            texts = [f" {ids[row]} " for row in orders.customers[rows]]
            return [("customer_id", texts)]
        case "null_date":
            return [("transaction_date", nothing)]
        case "unparsable_date":
            return [("transaction_date", rng.choice(_UNPARSABLE_DATES, len(rows)))]
        case "future_date":
            # 2107 has no 29 February.
            texts = [f"2107{day[4:]}".replace("02-29", "02-28") for day in iso]
            return [("transaction_date", texts)]
        case "before_1990_date":
            return [("transaction_date", rng.choice(_EARLY_DATES, len(rows)))]
        case "excel_serial_date":
            serial = (days - np.datetime64("1899-12-30")).astype(int)
            return [("transaction_date", serial.astype(str))]
        case "day_month_year_date":
            texts = [f"{day[8:10]}/{day[5:7]}/{day[:4]}" for day in iso]
            return [("transaction_date", texts)]
        case "cancelled_status":
            return [("order_status", ["Cancelled"] * len(rows))]
        case "unknown_status":
            return [("order_status", rng.choice(_UNKNOWN_STATUSES, len(rows)))]
        case "null_online_order":
            return [("online_order", nothing)]
        case "negative_quantity_return":
            texts = (-orders.quantities[rows]).astype(str)
            return [("quantity", texts), ("is_return", ["FALSE"] * len(rows))]
    raise ValueError(f"There is no recipe for the dirt {dirt!r}: add one to _texts.")


def plant_transaction_dirt(
    rng: np.random.Generator,
    orders: Orders,
    customer_ids: np.ndarray,
    calendar: ShopCalendar,
    manifest: DirtManifest,
) -> TransactionDirt:
    """Decide which exported transactions are dirty, and count them.

    Args:
        rng: the source of chance.
        orders: orders and returns, sorted as they will be exported.
        customer_ids: (customers,) strings.
        calendar: the days.
        manifest: receives one line per dirt.

    Returns:
        TransactionDirt for the export.
    """
    picked = _pick_rows(rng, orders)
    copies = np.ones(len(orders), dtype=int)
    for dirt in ("exact_duplicate", "conflicting_duplicate"):
        copies[picked[dirt]] += 1
    sources = np.repeat(np.arange(len(orders)), copies)
    positions = np.concatenate([[0], np.cumsum(copies)[:-1]])
    written: dict[str, list] = {}
    for dirt, rows in picked.items():
        outcome = TRANSACTION_DIRT.get(dirt, (0, "accepted"))[1]
        manifest.add("transactions", dirt, len(rows), outcome)
        at = positions[rows]
        if dirt == "exact_duplicate":
            continue
        if dirt == "conflicting_duplicate":
            texts = [f"{price * 1.1:.2f}" for price in orders.list_prices[rows]]
            pairs, at = [("list_price", texts)], at + 1
        elif dirt == "blank_padded_transaction_id":
            pairs = [("transaction_id", [f" {row + 1}" for row in rows])]
        else:
            pairs = _texts(rng, dirt, rows, orders, calendar.dates, customer_ids)
        for column, texts in pairs:
            written.setdefault(column, []).append((at, np.asarray(texts, dtype=object)))
    manifest.add("transactions", "return", orders.is_return.sum(), "accepted")
    return TransactionDirt(sources, {c: _merge(parts) for c, parts in written.items()})


def _merge(parts: list[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """Merge the overrides of one column, sorted by row."""
    rows = np.concatenate([at for at, _ in parts])
    texts = np.concatenate([texts for _, texts in parts])
    order = np.argsort(rows)
    return rows[order], texts[order]


def plant_demographic_dirt(
    rng: np.random.Generator, frame: pd.DataFrame, manifest: DirtManifest
) -> pd.DataFrame:
    """Return demographics with dirt, in place of the clean ones.

    Args:
        rng: the source of chance.
        frame: clean demographics, one row per customer.
        manifest: receives one line per dirt.

    Returns:
        The frame with dirty codes and a few repeated rows.
    """
    frame = frame.copy()
    count = len(frame)

    def rows_where(mask: pd.Series, share: float) -> np.ndarray:
        rows = np.flatnonzero(mask)
        return rng.choice(rows, min(len(rows), max(1, round(share * count))), False)

    def write(dirt: str, column: str, rows: np.ndarray, text, outcome: str) -> None:
        frame.iloc[rows, frame.columns.get_loc(column)] = text
        manifest.add("customer_demographics", dirt, len(rows), outcome)

    for dirt, code, text, share in (
        ("gender_f", "Female", "F", 0.004),
        ("gender_femal", "Female", "Femal", 0.002),
        ("gender_m", "Male", "M", 0.003),
        ("gender_u", "Male", "U", 0.01),
    ):
        rows = rows_where(frame["gender"] == code, share)
        write(dirt, "gender", rows, text, "repaired")
    farmers = rows_where(frame["job_industry_category"] == "Agriculture", 0.01)
    write("industry_misspelt", "job_industry_category", farmers, "Argiculture",
          "repaired")  # fmt: skip
    everyone = pd.Series(True, index=frame.index)
    special = rng.choice(count, 9, replace=False)
    write("birth_date_1843", "DOB", special[:1], "1843-12-21", "accepted")
    write("name_with_apostrophe", "last_name", special[1:4], "O'Connell", "accepted")
    write("name_with_comma", "last_name", special[4:6], "Reyes, Jr.", "accepted")
    write("name_with_markup", "first_name", special[6:7],
          "<script>alert('x')</script>", "accepted")  # fmt: skip
    write("name_with_accent", "first_name", special[7:9], "Zoë", "accepted")
    deceased = rows_where(everyone, 0.0015)
    write("deceased", "deceased_indicator", deceased, "Y", "accepted")
    write("null_birth_date", "DOB", rows_where(frame["DOB"] > "1900", 0.02), None,
          "accepted")  # fmt: skip
    write("null_job_title", "job_title", rows_where(everyone, 0.08), None, "accepted")
    copies = np.ones(count, dtype=int)
    copies[rows_where(everyone, 0.002)] += 1
    manifest.add("customer_demographics", "exact_duplicate", copies.sum() - count,
                 "exact_duplicate")  # fmt: skip
    return frame.iloc[np.repeat(np.arange(count), copies)].reset_index(drop=True)


def plant_address_dirt(
    rng: np.random.Generator, frame: pd.DataFrame, manifest: DirtManifest
) -> pd.DataFrame:
    """Return addresses with long state names, in place of the clean codes.

    Args:
        rng: the source of chance.
        frame: clean addresses, one row per customer.
        manifest: receives one line per dirt.

    Returns:
        The frame with dirty states.
    """
    frame = frame.copy()
    for code, long_name in (("NSW", "New South Wales"), ("VIC", "Victoria")):
        rows = np.flatnonzero(frame["state"] == code)
        rows = rng.choice(rows, max(1, round(0.1 * len(rows))), replace=False)
        frame.iloc[rows, frame.columns.get_loc("state")] = long_name
        dirt = f"state_{long_name.lower().replace(' ', '_')}"
        manifest.add("customer_addresses", dirt, len(rows), "repaired")
    return frame
