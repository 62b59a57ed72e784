"""What is said of a departure holds when the orders are really there."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajectories.departures import keeping
from trajectories.departures.departures import (
    EXPLAINED_SCHEMA,
    explain_departures,
    feature_changes,
    measures,
)
from trajectories.departures.keeping import EFFECTS, keeping_changes, sensible_amounts
from trajectories.segments.assignment import assign
from trajectories.series.representations import Representation
from trajectories.series.series import to_matrix, window

END = date(2017, 12, 31)
MONTH_ENDS = [
    date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
    for year in (2016, 2017)
    for month in range(1, 13)
]
LRFM = ["length_days", "recency_days", "frequency_orders", "monetary_amount"]
BEHAVIOUR = [
    *("spend_amount", "orders", "average_order_amount", "items"),
    *("discount_share", "returned_share", "sessions", "recency_days"),
]
# series: features, steps, period, representation, metric
SERIES = {
    "monthly_lrfm": (LRFM, 12, "month", "smoothed", "dtw"),
    "daily_spend": (["spend_amount"], 90, "day", "smoothed_order_rhythm", "euclidean"),
    "rfm": (LRFM[1:], 1, "month", "population", "euclidean"),
    "behaviour": (BEHAVIOUR, 1, "month", "population", "euclidean"),
}
FEATURES = pa.Table.from_pylist(
    [
        {
            "series": series,
            "feature": feature,
            "feature_number": number,
            "window_periods": 12 if period == "month" else steps,
        }
        for series, (features, steps, period, *_) in SERIES.items()
        for number, feature in enumerate(features, start=1)
    ]
)


def trailing(orders, month_end):
    """Orders of the month and the eleven before it."""
    number = month_end.year * 12 + month_end.month
    return [
        order
        for order in orders
        if number - 12 < order[0].year * 12 + order[0].month <= number
    ]


def totals(orders, month_end):
    """Orders, revenue, list amounts and items of twelve months."""
    own = trailing(orders, month_end)
    return (len(own), *(sum(order[place] for order in own) for place in (1, 2, 3)))


def path_of(orders, series):
    """A path from orders (date, amount, list amount, items), the plain way."""
    first = min(order[0] for order in orders)
    if series == "daily_spend":
        days = [first + timedelta(n) for n in range((END - first).days + 1)]
        return [sum(o[1] for o in orders if o[0] == day) for day in days]
    path = []
    for month_end in (end for end in MONTH_ENDS if end >= first):
        recency = (month_end - max(o[0] for o in orders if o[0] <= month_end)).days
        in_month = [
            o for o in orders if o[0].replace(day=1) == month_end.replace(day=1)
        ]
        number, revenue, listed, items = totals(orders, month_end)
        if series == "monthly_lrfm":
            path += [(month_end - first).days, recency, len(in_month)]
            path += [sum(order[1] for order in in_month)]
        elif series == "rfm":
            path += [recency, number, revenue]
        else:
            average, discount = revenue / (number or 1), (listed - revenue)
            share = discount / listed if listed else 0
            path += [revenue, number, average, items, share]
            path += [3 / listed if listed else 0, 7, recency]
    return path


def model_of(series, paths):
    """A version whose centres are three of the paths."""
    features, steps, period, representation, metric = SERIES[series]
    windows = window(to_matrix(paths, len(features)), 0, steps)
    fitted = Representation(representation, 2.0).fit(windows)
    return {
        "segmentation": series,
        "model_version": series,
        "series": series,
        "period": period,
        "representation": representation,
        "smoothing_steps": 2.0,
        "location": fitted.location_.tolist(),
        "scale": fitted.scale_.tolist(),
        "log_features": fitted.log_features_.tolist(),
        "centroids": fitted.transform(windows[:3]).ravel().tolist(),
        "k": 3,
        "steps": steps,
        "features": features,
        "metric": metric,
        "band": 1 if metric == "dtw" else None,
    }


def row_of(orders, series, cluster, customer="a", missing=0):
    """A row of int_segment_departures."""
    number, revenue, listed, items = totals(orders, END)
    return {
        "customer_segment_id": f"{series}|{customer}|2017-12-01",
        "segmentation": series,
        "model_version": series,
        "customer_id": customer,
        "from_segment_id": f"{series}-{cluster}",
        "to_segment_id": f"{series}-9",
        "from_cluster_number": cluster,
        "missing_orders": missing,
        "window_orders": number,
        "window_revenue_amount": float(revenue),
        "window_list_amount": float(listed),
        "window_discount_amount": float(listed - revenue),
        "window_returned_amount": 3.0,
        "items_per_order": items / number if number else 2.0,
        "series_values": [float(value) for value in path_of(orders, series)],
        "month": date(2017, 12, 1),
        "month_end_date": END,
    }


@st.composite
def customers(draw):
    """Orders from before the month on, seldom or often."""
    first = draw(st.integers(31, 700))
    days = draw(st.lists(st.integers(0, first), max_size=25))
    amount = st.sampled_from([5, 12.5, 40, 90, 250])
    orders = []
    for back in [first, *days]:
        paid = draw(amount)
        discount = draw(st.sampled_from([0, 0, 10]))
        items = draw(st.integers(1, 4))
        orders.append((END - timedelta(back), paid, paid + discount, items))
    return orders


def with_change(orders, row, number, amount, back):
    """The same customer, had she ordered."""
    days = [END - timedelta(back + 7 * order) for order in range(number)]
    return orders + [(day, amount, amount, row["items_per_order"]) for day in days]


@pytest.mark.parametrize("series", SERIES)
@given(st.lists(customers(), min_size=4, max_size=4), st.integers(1, 3))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_the_change_keeps_her_and_no_smaller_one_does(series, shop, cluster):
    """Against all changes, each of them made in the orders and scored afresh."""
    model = model_of(series, [path_of(orders, series) for orders in shop])
    orders = shop[3]
    row = row_of(orders, series, cluster)
    usual = {row["from_segment_id"]: [20.0, 60.0, 200.0]}
    own = [row["window_revenue_amount"] / max(row["window_orders"], 1)]
    amounts = sensible_amounts([*usual[row["from_segment_id"]], *own])
    paths = to_matrix([row["series_values"]], len(model["features"]))
    found = keeping_changes(model, paths, [row], usual)[0]
    tried = [
        (number, amount, back)
        for number in (1, 2, 3)
        for amount in amounts
        for back in range(31 - 7 * (number - 1))
    ]
    replayed = [path_of(with_change(orders, row, *change), series) for change in tried]
    windows = window(to_matrix(replayed, len(model["features"])), 0, model["steps"])
    numbers = assign(windows, model)[0]
    kept = [change for change, n in zip(tried, numbers, strict=True) if n == cluster]
    if not kept:
        assert found is None
        return
    assert (found["orders"], found["amount"], found["last"]) == kept[0]
    run = [back for back in range(31) if (*kept[0][:2], back) in kept]
    assert set(range(found["last"], found["first"] + 1)) <= set(run)
    assert found["first"] + 1 not in run
    assert 0 <= found["confidence"] <= 1


def a_regular(every=9, until=40, amount=50.0):
    """Orders every so many days, the last one so many days before the end."""
    return [
        (END - timedelta(back), amount, amount, 2) for back in range(until, 500, every)
    ]


@pytest.fixture(scope="module")
def departed():
    """Three kinds of customers in every series, and rows that left the first."""
    kinds = [a_regular(9, 2), a_regular(30, 60, 20.0), a_regular(60, 100, 400.0)]
    models, rows = [], []
    for series in SERIES:
        models.append(model_of(series, [path_of(orders, series) for orders in kinds]))
        for until in (25, 33, 41, 80):
            orders = a_regular(9, until)
            rows.append(row_of(orders, series, 1, customer=f"{until}"))
    return pa.Table.from_pylist(models), pa.Table.from_pylist(rows)


AMOUNTS = pa.table(
    {
        "segment_id": [f"{series}-1" for series in SERIES],
        "order_amounts": [[40.0, 50.0, 80.0]] * len(SERIES),
    }
)
MEANS = pa.table(
    {
        "segment_id": ["rfm-1", "rfm-1"],
        "feature": ["recency_days", "monetary_amount"],
        "mean_value": [4.0, 1950.0],
    }
)


def test_one_row_per_departure_and_feature(departed):
    models, rows = departed
    found = explain_departures(models, AMOUNTS, MEANS, FEATURES, rows)
    assert found.schema.equals(EXPLAINED_SCHEMA)
    frame = found.to_pandas()
    assert set(frame["customer_segment_id"]) == set(
        rows["customer_segment_id"].to_pylist()
    )
    for key, own in frame.groupby("customer_segment_id"):
        assert sorted(own["feature_rank"]) == list(range(1, len(own) + 1))
        moved = own.sort_values("feature_rank")["scaled_change"].abs()
        assert moved.is_monotonic_decreasing, key
        assert own["explanation"].nunique() == 1
    assert frame["keeping_orders"].notna().any()


def test_pieces_say_the_same(departed, monkeypatch):
    models, rows = departed
    whole = explain_departures(models, AMOUNTS, MEANS, FEATURES, rows).to_pylist()
    monkeypatch.setattr(keeping, "BLOCK_CANDIDATES", 1)
    parts = [rows.slice(place, 1) for place in reversed(range(rows.num_rows))]
    pieces = [
        explain_departures(models, AMOUNTS, MEANS, FEATURES, part) for part in parts
    ]
    apart = pa.concat_tables(pieces).to_pylist()

    def by_key(row):
        return row["customer_segment_id"], row["feature_rank"]

    assert sorted(apart, key=by_key) == sorted(whole, key=by_key)


def test_nothing_gives_a_typed_empty_table(departed):
    models, rows = departed
    for some in ((models, rows.slice(0, 0)), (models.slice(0, 0), rows)):
        found = explain_departures(some[0], AMOUNTS, MEANS, FEATURES, some[1])
        assert found.num_rows == 0
        assert found.schema.equals(EXPLAINED_SCHEMA)
    empty = (AMOUNTS.slice(0, 0), MEANS.slice(0, 0))
    found = explain_departures(models, *empty, FEATURES, rows).to_pandas()
    assert found["segment_value"].isna().all()


def test_the_sentence_has_before_now_segment_and_change(departed):
    models, rows = departed
    found = explain_departures(models, AMOUNTS, MEANS, FEATURES, rows).to_pandas()
    own = found[found["customer_segment_id"] == "rfm|41|2017-12-01"]
    first = own[own["feature_rank"] == 1].iloc[0]
    assert first["feature"] == "recency_days"
    assert (first["value_before"], first["value_now"]) == (10, 41)
    assert first["segment_value"] == 4
    end = first["keeping_to_date"]
    start = first["keeping_from_date"]
    assert date(2017, 12, 1) <= start < end <= END
    assert first["explanation"] == (
        "Days since the last order went from 10 to 41 (members of her old segment: 4);"
        f" one order of 40 between {start} and {end} would have kept her"
    )


def test_a_lapsed_customer_needs_orders_enough_to_be_clustered(departed):
    models, _ = departed
    model = models.to_pylist()[1]
    orders = a_regular(9, 95)
    for missing, expected in ((0, 1), (2, 2), (3, 3), (4, None)):
        row = row_of(orders, "daily_spend", 1, missing=missing)
        paths = to_matrix([row["series_values"]], 1)
        one = {**model, "k": 1, "centroids": model["centroids"][:90]}
        found = keeping_changes(one, paths, [row], {row["from_segment_id"]: [40.0]})[0]
        assert (found and found["orders"]) == expected


def test_nothing_is_made_up(departed):
    """Without amounts, for an unreachable cluster, for a feature of unknown effect."""
    model = departed[0].to_pylist()[2]
    row = row_of(a_regular(), "rfm", 1)
    paths = to_matrix([row["series_values"]], 3)
    without = {**row, "window_orders": 0, "window_revenue_amount": 0.0}
    assert keeping_changes(model, paths, [without], {}) == [None]
    unreachable = {**row, "from_cluster_number": 4}
    assert keeping_changes(model, paths, [unreachable], {"rfm-1": [40.0]}) == [None]
    unknown = {**model, "features": ["recency_days", "frequency_orders", "mood"]}
    assert keeping_changes(unknown, paths, [row], {"rfm-1": [40.0]}) == [None]
    table = pa.Table.from_pylist([unreachable])
    found = explain_departures(departed[0], AMOUNTS, MEANS, FEATURES, table).to_pandas()
    assert found["keeping_amount"].isna().all()
    assert found["explanation"][0].endswith(
        "no change of up to 3 orders in the month was found that would have kept her"
    )


def test_every_feature_of_the_shipped_segmentations_has_an_effect():
    for features, *_ in SERIES.values():
        assert set(features) <= set(EFFECTS)


def test_measures_are_last_values_means_and_sums():
    lrfm = np.array([[[10.0, 3, 1, 90], [40, 9, 4, 60], [70, 5, 1, 30], [99, 2, 1, 0]]])
    found = measures(model_of_shape(LRFM, 4), lrfm)
    assert {name: value[0] for name, value in found.items()} == {
        "length_days": 99,
        "recency_days": 2,
        "frequency_orders": 2,
        "monetary_amount": 30,
    }
    short = np.concatenate([lrfm[:, :2], np.full((1, 2, 4), np.nan)], axis=1)
    assert measures(model_of_shape(LRFM, 4), short)["monetary_amount"][0] == 60
    days = np.array([[[5.0], [0], [7], [-2], [0]], [[0.0], [0], [0], [0], [0]]])
    daily = {"period": "day", "features": ["spend_amount"], "steps": 5}
    found = measures(daily, days)
    np.testing.assert_array_equal(found["spend_amount"], [10, 0])
    np.testing.assert_array_equal(found["order_days"], [2, 0])
    np.testing.assert_array_equal(found["recency_days"], [2, 5])


def model_of_shape(features, steps):
    return {"period": "month", "features": features, "steps": steps}


def test_changes_are_ranked_in_the_scale_of_the_model():
    model = {
        **model_of_shape(["orders", "spend_amount"], 1),
        "representation": "population",
        "log_features": [False, True],
        "scale": [2.0, 0.5],
    }
    paths = np.array([[[3.0, 0.0], [7.0, np.e - 1]]])
    found = feature_changes(model, paths, 31)
    assert found["orders"][2][0] == 2
    np.testing.assert_allclose(found["spend_amount"][2], [2])


def test_a_month_ago_is_as_many_days_as_the_month_has():
    model = {"period": "day", "features": ["spend_amount"], "steps": 30}
    model = {**model, "representation": "smoothed_order_rhythm"}
    path = np.zeros((1, 80, 1))
    path[0, 80 - 31 - 1] = 9
    now, before = (feature_changes(model, path, 31)["recency_days"][n] for n in (1, 0))
    assert (before[0], now[0]) == (0, 30)


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=20))
def test_sensible_amounts_are_near_the_usual_ones(amounts):
    found = sensible_amounts(amounts)
    assert (np.diff(found) > 0).all()
    assert (found > 0).all()
    for amount in amounts:
        # A cent is the least that there is.
        assert np.abs(found - amount).min() <= max(0.2501 * amount, 0.01)


def test_sensible_amounts_are_round():
    np.testing.assert_array_equal(
        sensible_amounts([43, 44, 137, 0.4, -3, 0, 1249]), [0.4, 45, 150, 1000]
    )
    assert sensible_amounts([]).size == 0
