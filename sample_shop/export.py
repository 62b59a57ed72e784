"""Write a generated shop as CSV or Parquet, every value as text."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from trajectories.sample_shop.catalogue import BRANDS, CATEGORIES, CLASSES, LINES, SIZES
from trajectories.sample_shop.orders import PAYMENT_METHODS
from trajectories.sample_shop.shop import Shop
from trajectories.sample_shop.shop_calendar import PROMOTIONS

SLICE = 500_000  # transactions formatted at a time
TABLES = (
    *("transactions", "customer_demographics", "customer_addresses"),
    *("web_sessions", "experiments", "experiment_arms", "experiment_assignments"),
    "campaign_contacts",
)
TRUTH = "truth"
TRANSACTION_COLUMNS = (
    "transaction_id",
    "product_id",
    "customer_id",
    "transaction_date",
    "online_order",
    "order_status",
    "brand",
    "product_line",
    "product_category",
    "product_class",
    "product_size",
    "list_price",
    "standard_cost",
    "quantity",
    "discount_amount",
    "payment_method",
    "is_return",
    "promotion",
)


def _look_up(texts, numbers: np.ndarray) -> pa.Array:
    """Return texts[numbers] as an Arrow array; a negative number gives null."""
    indices = pa.array(numbers, mask=numbers < 0)
    return pa.array(list(texts), pa.string()).take(indices)


def _money(amounts: np.ndarray) -> pa.Array:
    """Format dollars with two decimals, looking up each distinct amount once."""
    numbers, values = pd.factorize(amounts)
    return _look_up([f"{value:.2f}" for value in values], numbers)


def _overridden(column: pa.Array, rows, texts, first: int) -> pa.Array:
    """Put the dirty texts of one slice over the clean ones."""
    low, high = np.searchsorted(rows, [first, first + len(column)])
    if low == high:
        return column
    mask = np.zeros(len(column), dtype=bool)
    mask[rows[low:high] - first] = True
    dirty = pa.array(texts[low:high].tolist(), pa.string())
    return pc.replace_with_mask(column, pa.array(mask), dirty)


def transactions_slice(shop: Shop, first: int, last: int) -> pa.Table:
    """Format exported transactions `first` to `last` - 1 as text.

    Args:
        shop: what to export.
        first: row number to begin with.
        last: row number to stop before.

    Returns:
        Arrow table of TRANSACTION_COLUMNS, all strings.
    """
    sources = shop.dirt.sources[first:last]
    orders, goods = shop.orders.take(sources), shop.catalogue
    products = orders.products
    flags = ("FALSE", "TRUE")
    columns = {
        "transaction_id": pc.cast(pa.array(sources + 1), pa.string()),
        "product_id": pc.cast(pa.array(products + 1), pa.string()),
        "customer_id": _look_up(shop.customer_ids, orders.customers),
        "transaction_date": _look_up(
            np.datetime_as_string(shop.calendar.dates), orders.days
        ),
        "online_order": _look_up(flags, orders.is_online.astype(int)),
        "order_status": _look_up(("Approved",), np.zeros(len(orders), dtype=int)),
        "brand": _look_up(BRANDS, goods.brands[products]),
        "product_line": _look_up(LINES, goods.lines[products]),
        "product_category": _look_up(CATEGORIES, goods.categories[products]),
        "product_class": _look_up(CLASSES, goods.classes[products]),
        "product_size": _look_up(SIZES, goods.sizes[products]),
        "list_price": _money(orders.list_prices),
        "standard_cost": _look_up(
            [f"{cost:.2f}" for cost in goods.standard_costs], products
        ),
        "quantity": pc.cast(pa.array(orders.quantities), pa.string()),
        "discount_amount": _money(orders.discounts),
        "payment_method": _look_up(PAYMENT_METHODS, orders.payments),
        "is_return": _look_up(flags, orders.is_return.astype(int)),
        "promotion": _look_up([p.name for p in PROMOTIONS], orders.promotions),
    }
    for name, (rows, texts) in shop.dirt.overrides.items():
        columns[name] = _overridden(columns[name], rows, texts, first)
    return pa.table({name: columns[name] for name in TRANSACTION_COLUMNS})


def _slices(shop: Shop):
    """Yield the exported transactions slice by slice."""
    total = len(shop.dirt.sources)
    for first in range(0, total, SLICE):
        yield transactions_slice(shop, first, min(first + SLICE, total))


def _write_csv(frame: pd.DataFrame, path: Path, header: bool = True) -> None:
    """Write or append a CSV with plain line ends and minimal quotes."""
    mode = "w" if header else "a"
    frame.to_csv(path, index=False, header=header, mode=mode, lineterminator="\n")


def occupied(folder: Path, file_format: str) -> list[Path]:
    """List the files that a shop would overwrite where no shop was written before."""
    if (folder / TRUTH / "dirt.csv").is_file():
        return []
    paths = [folder / f"{table}.{file_format}" for table in TABLES]
    paths += [folder / TRUTH / name for name in ("truth.csv", "dirt.csv")]
    return [path for path in paths if path.exists()]


def write_shop(
    shop: Shop, folder: Path, file_format: str = "csv", prefix: str = ""
) -> list[Path]:
    """Write the tables of a shop.

    Args:
        shop: what to write.
        folder: where to; made when missing.
        file_format: "csv" or "parquet".
        prefix: put before each file name ("raw_" for the seeds).

    Returns:
        Paths of the files written, in the order of TABLES.

    Raises:
        ValueError: when the format is neither csv nor parquet.
    """
    if file_format not in ("csv", "parquet"):
        raise ValueError(f"format is {file_format!r}: choose csv or parquet.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{prefix}transactions.{file_format}"
    if file_format == "csv":
        for number, table in enumerate(_slices(shop)):
            _write_csv(table.to_pandas(), path, header=number == 0)
    else:
        schema = pa.schema([(name, pa.string()) for name in TRANSACTION_COLUMNS])
        with pq.ParquetWriter(path, schema) as writer:
            for table in _slices(shop):
                writer.write_table(table)
    paths = [path]
    for name, frame in (
        ("customer_demographics", shop.demographics),
        ("customer_addresses", shop.addresses),
        ("web_sessions", shop.sessions),
        ("experiments", shop.experiments.plan),
        ("experiment_arms", shop.experiments.arms),
        ("experiment_assignments", shop.experiments.assignments),
        ("campaign_contacts", shop.experiments.contacts),
    ):
        path = folder / f"{prefix}{name}.{file_format}"
        if file_format == "csv":
            _write_csv(frame, path)
        else:
            schema = pa.schema([(column, pa.string()) for column in frame.columns])
            pq.write_table(
                pa.Table.from_pandas(frame, schema, preserve_index=False), path
            )
        paths.append(path)
    return paths


def write_truth(shop: Shop, truth_path: Path, dirt_path: Path) -> None:
    """Write the truth table and the dirt manifest, which no model of customers reads.

    Args:
        shop: whose truth to tell.
        truth_path: CSV of customer_id, kind, lifecycle_kind, from_month, to_month.
        dirt_path: CSV of input_table, dirt, planted_rows, outcome.
    """
    for frame, path in ((shop.truth, truth_path), (shop.manifest, dirt_path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_csv(frame, path)


def write_planted_lifts(shop: Shop, path: Path) -> None:
    """Write what was planted into tests, which no model reads.

    Args:
        shop: whose tests to tell of.
        path: CSV of experiment, arm, planted_lift_share, left_out_share.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_csv(shop.experiments.truth, path)
