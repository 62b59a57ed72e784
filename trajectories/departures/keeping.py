"""What would have kept a customer in her segment: the smallest change that does.

A counterfactual explanation (Wachter, Mittelstadt and Russell 2017, "Counterfactual
explanations without opening the black box"): the smallest change of her latest month
that puts her nearest to the centre of her old segment. Only changes that a shop can
bring about are looked at, further orders, and each that is returned was scored by the
frozen model, as she was herself. Where none of those looked at keeps her, none is
returned.

Sought are, in this order, as few orders as possible (1 to 3), the smallest amount per
order out of those usual in her old segment and her own, and the latest day of the
month. Several orders lie a week apart, the last of them on that day.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from trajectories.segments.assignment import assign, confidence
from trajectories.series.orders import share
from trajectories.series.series import window

MOST_ORDERS = 3
DAYS_BETWEEN_ORDERS = 7
BLOCK_CANDIDATES = 20_000

Row = Mapping[str, Any]


def keeping_changes(
    model: Row, paths: np.ndarray, rows: list[Row], usual: Mapping[str, list]
) -> list[dict | None]:
    """Find the smallest change that would have kept each customer.

    Args:
        model: one row of a model version.
        paths: (customers, steps, features), as for :func:`feature_changes`.
        rows: of int_segment_departures, one per path.
        usual: amounts of orders per segment.

    Returns:
        Per customer orders, amount (of each), first and last (the days on which the
        last order could have been, counted back from the month's end, first >= last,
        with no day between them that would not do) and confidence (on the last
        day); None where nothing that was looked at keeps her.
    """
    found: list[dict | None] = [None] * len(rows)
    if not set(model["features"]) <= set(EFFECTS):
        return found
    grids = [
        sensible_amounts([*usual.get(row["from_segment_id"], []), *_own_amount(row)])
        for row in rows
    ]
    for orders in range(1, MOST_ORDERS + 1):
        due = [
            position
            for position, row in enumerate(rows)
            if found[position] is None
            and row["missing_orders"] <= orders
            and grids[position].size
        ]
        for block in _blocks(due, grids):
            own = [rows[position] for position in block]
            shapes = [grids[position] for position in block]
            kept = _search(model, paths[block], own, shapes, orders)
            for position, change in zip(block, kept, strict=True):
                found[position] = change
    return found


def sensible_amounts(amounts: list[float]) -> np.ndarray:
    """Round amounts to half a power of ten (43 to 45, 137 to 150), sorted, once each.

    What rounds to less than a hundredth is left out.
    """
    positive = np.array([amount for amount in amounts if amount > 0], dtype=float)
    unit = 10.0 ** np.floor(np.log10(positive)) / 2
    rounded = np.round(np.round(positive / unit) * unit, 2)
    return np.unique(rounded[rounded > 0])


def _own_amount(row: Row) -> list[float]:
    orders = row["window_orders"]
    return [row["window_revenue_amount"] / orders] if orders else []


def _blocks(due: list[int], grids: list[np.ndarray]) -> Iterator[list[int]]:
    """Cut customers into blocks of at most so many candidates, for memory's sake."""
    block, size = [], 0
    for position in due:
        candidates = 31 * grids[position].size
        if block and size + candidates > BLOCK_CANDIDATES:
            yield block
            block, size = [], 0
        block.append(position)
        size += candidates
    if block:
        yield block


def _search(
    model: Row,
    paths: np.ndarray,
    rows: list[Row],
    grids: list[np.ndarray],
    orders: int,
) -> list[dict | None]:
    """Score every amount and day of some customers at once, for so many orders."""
    reach = DAYS_BETWEEN_ORDERS * (orders - 1)
    days = [row["month_end_date"].day - reach for row in rows]
    shapes = [(len(grid), day) for grid, day in zip(grids, days, strict=True)]
    sizes = [np.prod(shape, dtype=int) for shape in shapes]
    owner = np.repeat(np.arange(len(rows)), sizes)
    amount = np.concatenate(
        [np.repeat(grid, day) for grid, day in zip(grids, days, strict=True)]
    )
    back = np.concatenate([np.tile(np.arange(day), n) for n, day in shapes])
    changed = with_orders(model, paths, rows, owner, orders, amount, back)
    numbers, *distances = assign(window(changed, 0, int(model["steps"])), model)
    sure = confidence(*distances)
    stops = np.cumsum(sizes)
    found = []
    for row, grid, shape, stop in zip(rows, grids, shapes, stops, strict=True):
        own = slice(stop - shape[0] * shape[1], stop)
        is_kept = (numbers[own] == row["from_cluster_number"]).reshape(shape)
        found.append(_smallest(is_kept, grid, orders, sure[own].reshape(shape)))
    return found


def _smallest(
    is_kept: np.ndarray, grid: np.ndarray, orders: int, sure: np.ndarray
) -> dict | None:
    """Take the smallest amount that keeps her, and the latest run of days."""
    if not is_kept.any():
        return None
    at = int(is_kept.any(axis=1).argmax())
    last = int(is_kept[at].argmax())
    run = is_kept[at, last:]
    length = len(run) if run.all() else int(run.argmin())
    return {
        "orders": orders,
        "amount": float(grid[at]),
        "first": last + length - 1,
        "last": last,
        "confidence": float(sure[at, last]),
    }


def with_orders(
    model: Row,
    paths: np.ndarray,
    rows: list[Row],
    owner: np.ndarray,
    orders: int,
    amount: np.ndarray,
    back: np.ndarray,
) -> np.ndarray:
    """Add hypothetical orders in the latest month to paths.

    Args:
        model: one row of a model version.
        paths: (customers, steps, features), each begun before the month.
        rows: of int_segment_departures, one per path.
        owner: (candidates,) the customer, as a position in ``paths``.
        orders: how many, a week apart.
        amount: (candidates,) of each order.
        back: (candidates,) days from the last order to the month's end.

    Returns:
        (candidates, steps, features) with the orders in them, of no more steps than
        the model and the month have.
    """
    changed = paths[owner, -max(int(model["steps"]), 31) :]
    if model["period"] == "day":
        for order in range(orders):
            step = changed.shape[1] - 1 - back - DAYS_BETWEEN_ORDERS * order
            changed[np.arange(len(owner)), step, 0] += amount
        return changed
    totals = {
        name: np.array([row[name] for row in rows], dtype=float)[owner]
        for name in TOTALS
    }
    added = {"orders": orders, "amount": orders * amount, "back": back}
    for position, name in enumerate(model["features"]):
        last = changed[:, -1, position]
        changed[:, -1, position] = EFFECTS[name](last, added, totals)
    return changed


TOTALS = (
    "window_orders",
    "window_revenue_amount",
    "window_list_amount",
    "window_discount_amount",
    "window_returned_amount",
    "items_per_order",
)


def _more_orders(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    return value + added["orders"]


def _more_revenue(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    return value + added["amount"]


def _average(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    revenue = totals["window_revenue_amount"] + added["amount"]
    return revenue / (totals["window_orders"] + added["orders"])


def _more_items(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    return value + added["orders"] * totals["items_per_order"]


def _discount_share(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    """Of the list amounts: the orders come without discount."""
    listed = totals["window_list_amount"] + added["amount"]
    return share(totals["window_discount_amount"], listed)


def _returned_share(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    """Of the list amounts: the orders are kept."""
    listed = totals["window_list_amount"] + added["amount"]
    returned = totals["window_returned_amount"]
    return share(returned, np.maximum(listed, returned))


def _recency(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    return np.minimum(value, added["back"])


def _same(value: np.ndarray, added: dict, totals: dict) -> np.ndarray:
    return value


# What further orders in a month do to the month's value of a feature. Nothing is
# searched for a segmentation with a feature that is not here.
EFFECTS: dict[str, Callable] = {
    "length_days": _same,
    "recency_days": _recency,
    "frequency_orders": _more_orders,
    "monetary_amount": _more_revenue,
    "spend_amount": _more_revenue,
    "orders": _more_orders,
    "average_order_amount": _average,
    "items": _more_items,
    "discount_share": _discount_share,
    "returned_share": _returned_share,
    "sessions": _same,
}
