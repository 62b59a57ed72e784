"""Assigns customers to the clusters of a frozen model: a pure function of rows.

A customer's cluster and distances depend on her window and the model's row alone, to
the last digit: not on who else is scored, in which order, in how many pieces or on
how many threads. Months, or parts of a month, can be scored anywhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from trajectories.metrics import distances
from trajectories.series.representations import Representation
from trajectories.series.series import selected, series_lengths, to_matrix, window

BLOCK_CUSTOMERS = 10_000

ASSIGNMENT_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "customer_id": pa.string(),
        "month": pa.date32(),
        "model_version": pa.string(),
        "cluster_number": pa.int64(),
        "segment_number": pa.int64(),
        "distance": pa.float64(),
        "next_distance": pa.float64(),
        "confidence": pa.float64(),
        "fingerprint": pa.string(),
    }
)


def assign(
    windows: np.ndarray, model: Mapping, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest cluster of each series.

    Args:
        windows: (customers, steps, features) in original units, NaN-padded at the
            end, each with at least one step.
        model: one row of a model version: representation, location, scale,
            log_features, smoothing_steps, centroids, k, steps, features, metric, band.
        n_jobs: threads for DTW.

    Returns:
        cluster numbers from 1 (int64), the distance to that centre, and the distance
        to the next nearest (infinite when there is one cluster), each (customers,).
        Memory grows with blocks of 10,000 customers, not with their number.
    """
    representation = representation_of(model)
    shape = (int(model["k"]), int(model["steps"]), len(model["features"]))
    centres = np.asarray(model["centroids"], dtype=float).reshape(shape)
    band = model["band"]
    radius = None if band is None or pd.isna(band) else int(band)
    numbers = np.empty(len(windows), dtype=np.int64)
    nearest, following = np.empty(len(windows)), np.full(len(windows), np.inf)
    for start in range(0, len(windows), BLOCK_CUSTOMERS):
        block = slice(start, start + BLOCK_CUSTOMERS)
        X = representation.transform(windows[block])
        to_centres = distances(X, centres, model["metric"], radius, n_jobs)
        numbers[block] = to_centres.argmin(axis=1) + 1
        ordered = np.sort(to_centres, axis=1)
        nearest[block] = ordered[:, 0]
        if ordered.shape[1] > 1:
            following[block] = ordered[:, 1]
    return numbers, nearest, following


def representation_of(model: Mapping) -> Representation:
    """Bring back how a model sees a series, from its row; see :func:`assign`."""
    return Representation.from_rows(
        model["representation"],
        model["location"],
        model["scale"],
        model["log_features"],
        model["smoothing_steps"],
    )


def confidence(distance: np.ndarray, next_distance: np.ndarray) -> np.ndarray:
    """1 - distance / next distance: 0 on the border, 1 on the centre.

    0 where both are 0 (two centres in one place).
    """
    ratio = np.ones_like(distance)
    np.divide(distance, next_distance, out=ratio, where=next_distance > 0)
    return np.clip(1.0 - ratio, 0.0, 1.0)


def assign_months(
    models: pa.Table,
    paths: pa.Table,
    months: pa.Table,
    features: Mapping[str, Sequence[str]],
    done: Iterable[tuple[str, str]] = (),
    n_jobs: int | None = None,
) -> pa.Table:
    """Assign every active customer of every membership month.

    A model scores the months in which it is in force, and the one after: where that
    has a model of its own, the two tell who moved because she behaved differently and
    who because the map was redrawn.

    Args:
        models: the chosen trials of the versions in force, with the columns of
            ``model_versions.VERSION_SCHEMA``.
        paths: columns series, customer_id, series_values and active_months_back,
            the list of months, counted back from the latest, in which the customer
            is to be placed. Any part of the customers, for none looks at another.
        months: columns month, months_back, days_back and fingerprint.
        features: the features of each series, in their order.
        done: pairs of model version and month's fingerprint that need no scores.
        n_jobs: threads for DTW.

    Returns:
        One row per model, customer and month, sorted by segmentation, customer, month
        and model.

    Examples:
        >>> model = {
        ...     "segmentation": "value", "model_version": "v1", "series": "rfm",
        ...     "period": "month", "features": ["monetary_amount"], "steps": 1, "k": 2,
        ...     "representation": "population", "smoothing_steps": None, "band": None,
        ...     "location": [0.0], "scale": [1.0], "log_features": [False],
        ...     "centroids": [900.0, 50.0], "metric": "euclidean",
        ...     "segment_numbers": [1, 2], "in_force_from": date(2018, 1, 1),
        ...     "in_force_to": date(2018, 1, 1),
        ... }
        >>> month = {"month": date(2018, 1, 1), "fingerprint": "x"}
        >>> month |= {"months_back": 0, "days_back": 0}
        >>> values = [[850.0], [70.0]]
        >>> paths = {"series": ["rfm", "rfm"], "customer_id": ["a", "b"]}
        >>> paths |= {"series_values": values, "active_months_back": [[0], [0]]}
        >>> tables = (pa.Table.from_pylist([it]) for it in (model, month))
        >>> models, months = tables
        >>> features = {"rfm": ["monetary_amount"]}
        >>> found = assign_months(models, pa.table(paths), months, features)
        >>> found.select(["customer_id", "segment_number", "distance"]).to_pydict()
        {'customer_id': ['a', 'b'], 'segment_number': [1, 2], 'distance': [50.0, 20.0]}
    """
    calendar, done = months.sort_by("month").to_pylist(), set(done)
    parts = [ASSIGNMENT_SCHEMA.empty_table()]
    for model in models.to_pylist():
        due = [
            month
            for month in calendar
            if _is_scored(month["month"], model)
            and (model["model_version"], month["fingerprint"]) not in done
        ]
        chosen = paths.filter(pc.equal(paths["series"], model["series"]))
        if due:
            known = features[model["series"]]
            parts += _assign_model(model, chosen, due, known, n_jobs)
    keys = "segmentation", "customer_id", "month", "model_version"
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in keys])


def _assign_model(
    model: Mapping,
    paths: pa.Table,
    months: list[dict],
    features: Sequence[str],
    n_jobs: int | None,
) -> Iterator[pa.Table]:
    """Yield one table per month."""
    ids = np.array(paths["customer_id"].to_pylist(), dtype=object)
    matrix = to_matrix(paths["series_values"], len(features))
    matrix = selected(matrix, features, model["features"])
    active = paths["active_months_back"].combine_chunks()
    owners = pc.list_parent_indices(active).to_numpy(zero_copy_only=False)
    months_back = pc.list_flatten(active).to_numpy(zero_copy_only=False)
    label = f"{model['model_version']} assigned"
    for month in tqdm(months, desc=label, unit="month", disable=None):
        rows = np.sort(owners[months_back == month["months_back"]])
        is_month = model["period"] == "month"
        steps_back = int(month["months_back" if is_month else "days_back"])
        windows = window(matrix[rows], steps_back, int(model["steps"]))
        present = series_lengths(windows) > 0
        rows, windows = rows[present], windows[present]
        if len(rows):
            nearest = assign(windows, model, n_jobs)
            yield _as_table(model, ids[rows], month, nearest)


def _is_scored(month: date, model: Mapping) -> bool:
    last = model["in_force_to"]
    after = (last.replace(day=1) + timedelta(days=31)).replace(day=1)
    return model["in_force_from"] <= month <= after


def _as_table(model: Mapping, ids: np.ndarray, month: Mapping, nearest) -> pa.Table:
    numbers, distance, next_distance = nearest
    size = len(numbers)
    columns = [
        pa.repeat(pa.scalar(model["segmentation"]), size),
        pa.array(ids, pa.string()),
        pa.repeat(pa.scalar(month["month"], pa.date32()), size),
        pa.repeat(pa.scalar(model["model_version"]), size),
        pa.array(numbers),
        pa.array(np.asarray(model["segment_numbers"], dtype=np.int64)[numbers - 1]),
        pa.array(distance),
        pa.array(next_distance),
        pa.array(confidence(distance, next_distance)),
        pa.repeat(pa.scalar(month["fingerprint"]), size),
    ]
    return pa.table(columns, schema=ASSIGNMENT_SCHEMA)
