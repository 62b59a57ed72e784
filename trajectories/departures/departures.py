"""Explains departures: what changed in a customer who left, what would have kept her.

The changes are differences of a few plain measures of her path, now and a month ago.
What would have kept her is sought in :mod:`trajectories.departures.keeping`.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trajectories.departures.keeping import MOST_ORDERS, Row, keeping_changes
from trajectories.series.orders import total
from trajectories.series.series import features_of, selected, to_matrix, window

# Representations whose scale is that of the features themselves.
SCALED = ("population", "smoothed")

EXPLAINED_SCHEMA = pa.schema(
    {
        "customer_segment_id": pa.string(),
        "feature": pa.string(),
        "feature_rank": pa.int64(),
        "value_before": pa.float64(),
        "value_now": pa.float64(),
        "segment_value": pa.float64(),
        "scaled_change": pa.float64(),
        "keeping_orders": pa.int64(),
        "keeping_amount": pa.float64(),
        "keeping_from_date": pa.date32(),
        "keeping_to_date": pa.date32(),
        "keeping_confidence": pa.float64(),
        "explanation": pa.string(),
    }
)


def explain_departures(
    models: pa.Table,
    amounts: pa.Table,
    means: pa.Table,
    series: pa.Table,
    departures: pa.Table,
) -> pa.Table:
    """Say of each departure what changed, and what would have kept her.

    Args:
        models: the chosen trials of the versions that saw them leave, with the
            columns of ``model_versions.VERSION_SCHEMA``.
        amounts: columns segment_id and order_amounts, usual amounts of an order.
        means: columns segment_id, feature and mean_value, over today's members.
        series: the rows of int_series_features.
        departures: the rows of int_segment_departures, or any part of them, for none
            looks at another.

    Returns:
        One row per departure and feature with the columns of ``EXPLAINED_SCHEMA``;
        rank 1 changed most. What would have kept her stands in all rows of a
        departure, and is null where nothing that was looked at would have.

    Examples:
        >>> model = {
        ...     "segmentation": "value", "model_version": "v1", "series": "rfm",
        ...     "period": "month", "features": ["recency_days"], "steps": 1, "k": 2,
        ...     "representation": "population", "smoothing_steps": None, "band": None,
        ...     "location": [0.0], "scale": [1.0], "log_features": [False],
        ...     "centroids": [10.0, 90.0], "metric": "euclidean",
        ... }
        >>> from datetime import date
        >>> departure = {
        ...     "customer_segment_id": "value|a|2018-03-01", "model_version": "v1",
        ...     "from_segment_id": "s1", "from_cluster_number": 1, "missing_orders": 0,
        ...     "window_orders": 2, "window_revenue_amount": 80.0,
        ...     "window_list_amount": 80.0, "window_discount_amount": 0.0,
        ...     "window_returned_amount": 0.0, "items_per_order": 1.0,
        ...     "series_values": [35.0, 66.0], "month_end_date": date(2018, 3, 31),
        ... }
        >>> amounts = {"segment_id": ["s1"], "order_amounts": [[40.0]]}
        >>> feature = {"feature": ["recency_days"]}
        >>> means = {"segment_id": ["s1"], **feature, "mean_value": [12.0]}
        >>> series = {"series": ["rfm"], **feature}
        >>> series |= {"feature_number": [1], "window_periods": [12]}
        >>> found = explain_departures(
        ...     pa.Table.from_pylist([model]), pa.table(amounts), pa.table(means),
        ...     pa.table(series), pa.Table.from_pylist([departure]),
        ... )
        >>> found["explanation"][0].as_py().partition(";")[0]
        'Days since the last order went from 35 to 66 (members of her old segment: 12)'
    """
    usual = {row["segment_id"]: row["order_amounts"] for row in amounts.to_pylist()}
    known = {
        (row["segment_id"], row["feature"]): row["mean_value"]
        for row in means.to_pylist()
    }
    features, found = features_of(series), []
    windows = {row["series"]: row["window_periods"] for row in series.to_pylist()}
    for model in models.to_pylist():
        own = departures.filter(
            pc.equal(departures["model_version"], model["model_version"])
        )
        rows = own.drop_columns("series_values").to_pylist()
        if rows:
            own_features = features[model["series"]]
            paths = to_matrix(own["series_values"], len(own_features))
            paths = selected(paths, own_features, model["features"])
            changes = feature_changes(model, paths, rows[0]["month_end_date"].day)
            keeping = keeping_changes(model, paths, rows, usual)
            period = period_in_words(model, windows[model["series"]])
            found += _explained(rows, changes, keeping, known, period)
    return pa.Table.from_pylist(found, EXPLAINED_SCHEMA)


def feature_changes(
    model: Row, paths: np.ndarray, days: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Measure paths now and a month ago.

    Args:
        model: one row of a model version.
        paths: (customers, steps, features) in original units, up to the month's end,
            NaN-padded at the start.
        days: of the latest month.

    Returns:
        Per measure its values a month ago, now, and the change in units of the
        model's scale (of log1p where the model takes it), each (customers,). Where
        the model's scale is not that of a feature, as in a rhythm, the change is that
        of log1p, about a relative one.
    """
    steps, is_day = int(model["steps"]), model["period"] == "day"
    now = measures(model, window(paths, 0, steps))
    before = measures(model, window(paths, days if is_day else 1, steps))
    scales = {}
    if model["representation"] in SCALED:
        columns = (model["features"], model["log_features"], model["scale"])
        scales = {name: (log, by) for name, log, by in zip(*columns, strict=True)}
    changes = {}
    for name, values in now.items():
        is_logged, scale = scales.get(name, (True, 1.0))
        sides = np.stack([before[name], values])
        if is_logged:
            sides = np.sign(sides) * np.log1p(np.abs(sides))
        changes[name] = (before[name], values, (sides[1] - sides[0]) / scale)
    return changes


def measures(model: Row, windows: np.ndarray) -> dict[str, np.ndarray]:
    """Sum windows up in numbers that a person reads, each (customers,).

    Of paths of days: the spend of the window, the days with spend, and the days since
    the last of them (the window's length where there is none). Of paths of months:
    the last value of what counts days, the mean of the last three months of all else
    (the last one where there are fewer). Of one step: its values. NaN where there is
    no step.
    """
    lengths = (~np.isnan(windows[:, :, 0])).sum(axis=1)
    if model["period"] == "day":
        spend = windows[:, :, 0]
        steps = np.arange(1, spend.shape[1] + 1)
        last = np.where(spend > 0, steps, 0).max(axis=1, initial=0)
        return {
            "spend_amount": np.where(lengths, total(spend), np.nan),
            "order_days": np.where(lengths, (spend > 0).sum(axis=1), np.nan),
            "recency_days": np.where(lengths, lengths - last, np.nan),
        }
    rows, found = np.arange(len(windows)), {}
    for position, name in enumerate(model["features"]):
        is_mean = windows.shape[1] > 1 and not name.endswith("days")
        back = np.where(lengths < 3, np.minimum(lengths, 1), 3 if is_mean else 1)
        summed = np.zeros(len(windows))
        # From the last one back, as the query does: sums depend on their order.
        for place in range(min(3, windows.shape[1])):
            values = windows[rows, lengths - 1 - place, position]
            summed += np.where(place < back, values, 0.0)
        found[name] = np.where(back, summed / np.maximum(back, 1), np.nan)
    return found


# A measure in words; {period} is the time that it is taken over.
PHRASES = {
    "length_days": "days since the first order",
    "recency_days": "days since the last order",
    "frequency_orders": "orders {period}",
    "monetary_amount": "revenue {period}",
    "spend_amount": "revenue {period}",
    "orders": "orders {period}",
    "order_days": "days with orders {period}",
    "average_order_amount": "the average amount of an order {period}",
    "items": "items {period}",
    "discount_share": "discounts as a share of list amounts {period}",
    "returned_share": "returns as a share of list amounts {period}",
    "sessions": "web sessions {period}",
}


def _explained(
    rows: list[Row],
    changes: Mapping[str, tuple],
    keeping: list[dict | None],
    known: Mapping[tuple, float],
    period: str,
) -> Iterator[dict]:
    """Yield the rows of departures, the features of each ranked."""
    names = list(changes)
    moved = np.nan_to_num(np.stack([changes[name][2] for name in names], axis=1))
    ranked = np.argsort(-np.abs(moved), axis=1, kind="stable")
    for position, (row, change) in enumerate(zip(rows, keeping, strict=True)):
        features = [
            {
                "customer_segment_id": row["customer_segment_id"],
                "feature": names[feature],
                "feature_rank": rank,
                "value_before": _number(changes[names[feature]][0][position]),
                "value_now": _number(changes[names[feature]][1][position]),
                "segment_value": known.get((row["from_segment_id"], names[feature])),
                "scaled_change": float(moved[position, feature]),
            }
            for rank, feature in enumerate(ranked[position], start=1)
        ]
        common = _keeping_columns(change, row)
        words = f"{_change_in_words(features[0], period)}; {_keeping_in_words(common)}"
        for feature in features:
            yield {**feature, **common, "explanation": words}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _keeping_columns(change: dict | None, row: Row) -> dict:
    if change is None:
        return {"keeping_orders": None}
    end = row["month_end_date"]
    return {
        "keeping_orders": change["orders"],
        "keeping_amount": change["amount"],
        "keeping_from_date": end - timedelta(change["first"]),
        "keeping_to_date": end - timedelta(change["last"]),
        "keeping_confidence": change["confidence"],
    }


def period_in_words(model: Row, window_periods: int) -> str:
    """Say over what time a model's measures are taken."""
    if model["period"] == "day":
        return f"in {window_periods} days"
    if model["steps"] > 1:
        return "a month over three months"
    return f"in {'twelve' if window_periods == 12 else window_periods} months"


def _change_in_words(feature: dict, period: str) -> str:
    name = feature["feature"]
    phrase = PHRASES.get(name, name.replace("_", " ") + " {period}")
    before, now, segment = (
        _in_words(feature[side], name)
        for side in ("value_before", "value_now", "segment_value")
    )
    text = phrase.format(period=period)
    return (
        f"{text[0].upper()}{text[1:]} went from {before} to {now}"
        f" (members of her old segment: {segment})"
    )


def _in_words(value: float | None, name: str) -> str:
    if value is None:
        return "not known"
    if name.endswith("_share"):
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{round(value, 1):g}"


def _keeping_in_words(change: Mapping) -> str:
    if change["keeping_orders"] is None:
        return (
            f"no change of up to {MOST_ORDERS} orders in the month was found that"
            " would have kept her"
        )
    first, last = change["keeping_from_date"], change["keeping_to_date"]
    days = f"on {last}" if first == last else f"between {first} and {last}"
    orders, amount = change["keeping_orders"], f"{change['keeping_amount']:g}"
    if orders == 1:
        return f"one order of {amount} {days} would have kept her"
    return (
        f"{orders} orders of {amount} each, a week apart, the last of them {days},"
        " would have kept her"
    )
