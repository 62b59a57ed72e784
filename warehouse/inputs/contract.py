"""The input contract: its tables, their columns, and how names are matched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class InputError(Exception):
    """An input that can't be used. The message is one sentence or a few, for people."""


@dataclass(frozen=True)
class TableContract:
    """One input table: its required and optional columns, and its other names.

    `numbers` are the columns that are read as amounts, `flags` those that say yes or
    no; `other_columns` gives other names of columns -> their canonical ones.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    other_names: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    other_columns: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """All canonical columns, required ones first."""
        return self.required + self.optional

    def names_of(self, canonical: str) -> tuple[str, ...]:
        """All names of a column, its canonical one first."""
        others = (it for it, name in self.other_columns.items() if name == canonical)
        return (canonical, *others)

    def canonical(self, name: str) -> str:
        """Return the canonical name of a column that may go by another one."""
        return self.other_columns.get(name, name)


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
            numbers=(
                "list_price",
                "quantity",
                "discount_amount",
                "standard_cost",
                "refunded_amount",
            ),
            flags=("online_order", "is_return"),
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
            numbers=("tenure",),
            flags=("deceased_indicator", "owns_car"),
            other_columns={"job_industry": "job_industry_category"},
        ),
        TableContract(
            name="customer_addresses",
            required=("customer_id",),
            optional=("address", "postcode", "state", "country", "property_valuation"),
            other_names=("address",),
            numbers=("property_valuation",),
        ),
        TableContract(
            name="web_sessions",
            required=("customer_id", "session_started_at"),
            optional=("page_views", "seconds"),
            other_names=("session", "visit"),
            numbers=("page_views", "seconds"),
        ),
        TableContract(
            name="experiments",
            required=("experiment", "primary_metric", "start_date", "planned_weeks"),
            optional=(
                "segmentation",
                "segment_id",
                "hypothesis",
                "looks",
                "expected_lift_share",
                "cost_per_contact",
                "discount_share",
                "test",
            ),
            other_names=(),
        ),
        TableContract(
            name="experiment_arms",
            required=("experiment", "arm", "share", "is_control"),
            optional=(),
            other_names=(),
        ),
        TableContract(
            name="experiment_assignments",
            required=("experiment", "customer_id", "arm"),
            optional=("assigned_date", "salt"),
            other_names=(),
        ),
        TableContract(
            name="campaign_contacts",
            required=("customer_id", "experiment", "contacted_at"),
            optional=("arm", "opened", "clicked"),
            other_names=(),
        ),
    )
}

# Columns that every table has beside its own: the raw line where it couldn't be split;
# the row as text where the mapping leaves it out; the number of the row, the file.
UNREADABLE = "_unreadable"
LEFT_OUT = "_left_out"
SOURCE_ROW = "_source_row"
SOURCE_FILE = "_source_file"


def input_column(name: str) -> str:
    """Return what a column of the input is called where the reader has one so called.

    '_unreadable' -> '_unreadable of the input'; every other name is as it is.
    """
    is_taken = name.casefold() in (UNREADABLE, LEFT_OUT, SOURCE_ROW, SOURCE_FILE)
    return f"{name} of the input" if is_taken else name


def squeeze(text: str) -> str:
    """Reduce a name to its letters and digits: 'Transaction ID' -> 'transactionid'."""
    return "".join(character for character in text.casefold() if character.isalnum())


def in_any_style(name: str) -> str:
    """Reduce a name to what its style leaves: 'Customer ID', customer_id, CustomerID.

    Signs that mean something stay: 'Order #' is not 'Order', 'Discount %' not
    'Discount'.
    """
    return re.sub(r"[\s_.-]+", "", name.casefold())


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

    0: its name; 1: contains its name, and no longer one of another table, as
    experiment_arms that of experiments; 2: exactly another name of it ('orders');
    3: one of its words is another name of it. A lone word 'customers' is a
    demographics table, 'customer_orders' isn't.
    """
    squeezed = singular(squeeze(name))
    table_name = singular(squeeze(table.name))
    if squeezed == table_name:
        return 0
    names = [singular(squeeze(other)) for other in TABLES]
    longer = [it for it in names if it != table_name and table_name in it]
    if table_name in squeezed and not any(it in squeezed for it in longer):
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
