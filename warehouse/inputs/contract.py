"""The input contract: four tables, their columns, and how names are matched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


class InputError(Exception):
    """An input that can't be used. The message is one sentence or a few, for people."""


@dataclass(frozen=True)
class TableContract:
    """One input table: its required and optional columns, and its other names."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    other_names: tuple[str, ...]
    is_optional: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """All canonical columns, required ones first."""
        return self.required + self.optional


TABLES: dict[str, TableContract] = {
    table.name: table
    for table in (
        TableContract(
            name="transactions",
            required=(
                "transaction_id",
                "customer_id",
                "transaction_date",
                "list_price",
            ),
            optional=(
                "line_id",
                "order_status",
                "product_id",
                "product_line",
                "product_category",
                "brand",
                "product_class",
                "product_size",
                "quantity",
                "discount_amount",
                "standard_cost",
                "online_order",
                "payment_method",
                "is_return",
                "promotion",
                "refunded_amount",
                "currency",
            ),
            other_names=("order", "sale", "purchase"),
            is_optional=False,
        ),
        TableContract(
            name="customer_demographics",
            required=("customer_id",),
            optional=(
                "first_name",
                "last_name",
                "gender",
                "dob",
                "job_title",
                "job_industry_category",
                "wealth_segment",
                "deceased_indicator",
                "owns_car",
                "tenure",
            ),
            other_names=("demographic", "customer"),
        ),
        TableContract(
            name="customer_addresses",
            required=("customer_id",),
            optional=("address", "postcode", "state", "country", "property_valuation"),
            other_names=("address",),
        ),
        TableContract(
            name="web_sessions",
            required=("customer_id", "session_started_at"),
            optional=("page_views", "seconds"),
            other_names=("session", "visit"),
        ),
    )
}

# Columns that every table has beside its own.
UNREADABLE = "_unreadable"
SOURCE_ROW = "_source_row"


def squeeze(text: str) -> str:
    """Reduce a name to its letters and digits: 'Transaction ID' -> 'transactionid'."""
    return "".join(character for character in text.casefold() if character.isalnum())


def snake_case(text: str) -> str:
    """Write a name in this project's style: 'Unit Price', 'unitPrice' -> unit_price."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def singular(word: str) -> str:
    """Drop a plural ending: 'addresses' -> 'address', 'orders' -> 'order'."""
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def match_rank(name: str, table: TableContract) -> int | None:
    """Tell how well a file or sheet name stands for a table; None when not at all.

    0: its name; 1: contains its name; 2: exactly another name of it ('orders');
    3: one of its words is another name of it. A lone word 'customers' is a
    demographics table, 'customer_orders' isn't.
    """
    squeezed = singular(squeeze(name))
    own_name = singular(squeeze(table.name))
    if squeezed == own_name:
        return 0
    if own_name in squeezed:
        return 1
    if squeezed in table.other_names:
        return 2
    words = {singular(word) for word in snake_case(name).split("_")}
    if words & (set(table.other_names) - {"customer"}):
        return 3
    return None


def listing(names: Iterable[str], limit: int = 40) -> str:
    """Write names as a list in a sentence, shortened after `limit` of them."""
    names = list(names)
    shown = ", ".join(names[:limit]) or "none"
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")
