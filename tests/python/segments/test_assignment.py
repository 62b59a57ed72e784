"""Assignment is a pure function of series and frozen rows."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trial_shops import FEATURES, SEGMENTATIONS, few_trials, frames_of, planted_shop

from trajectories.metrics import METRICS, distances
from trajectories.segments import assignment
from trajectories.segments.assignment import (
    ASSIGNMENT_SCHEMA,
    assign,
    assign_months,
    confidence,
)
from trajectories.series.representations import REPRESENTATIONS, Representation
from trajectories.trials.model_versions import VERSION_SCHEMA
from trajectories.trials.trials import run_trials

FIRST, LAST = date(2017, 1, 1), date(2017, 12, 1)


@pytest.fixture(scope="module")
def shop():
    frames = frames_of(planted_shop(200)[0])
    settings = few_trials(
        "lifecycle", "rhythm", "value", null_shuffles=0, bootstrap_refits=1, k_max=3
    )
    trials = run_trials(settings, **frames)
    models = trials.filter(trials["is_chosen"])
    rows = [
        {
            **row,
            "period": SEGMENTATIONS[row["segmentation"]]["period"],
            "model_version": row["segmentation"],
            "segment_numbers": [10 + number for number in range(row["k"])],
            "in_force_from": FIRST,
            "in_force_to": LAST,
        }
        for row in models.to_pylist()
    ]
    return frames, pa.Table.from_pylist(rows, schema=VERSION_SCHEMA)


def tables(frames):
    """What the model int_customer_paths gives, and the months."""
    months = frames["months"].assign(
        month=lambda frame: pd.to_datetime(frame["month"]).dt.date,
        fingerprint=lambda frame: frame["month"].astype(str),
    )
    backs = pd.to_datetime(months["month"]).rename("date").to_frame()
    backs["active_months_back"] = months["months_back"].astype(float)
    stages = frames["stages"].assign(date=lambda frame: pd.to_datetime(frame["month"]))
    active = stages[stages["stage"] == "active"].merge(backs, on="date")
    keys = ["series", "customer_id"]
    lists = active.groupby(keys)["active_months_back"].apply(list).reset_index()
    series = frames["series"].to_pandas().merge(lists, on=keys)
    return {
        "paths": pa.Table.from_pandas(series, preserve_index=False),
        "months": pa.Table.from_pandas(months, preserve_index=False),
    }


def test_the_sample_gets_its_own_labels_back(shop):
    frames, models = shop
    found = assign_months(models, **tables(frames), features=FEATURES).to_pandas()
    latest = found[found["month"].astype(str) == "2017-12-01"]
    for row in models.to_pylist():
        own = latest[latest["segmentation"] == row["segmentation"]].set_index(
            "customer_id"
        )
        own = own["cluster_number"][row["sample_customer_ids"]]
        np.testing.assert_array_equal(own, row["sample_labels"])


def test_every_active_customer_and_month_once(shop):
    frames, models = shop
    found = assign_months(models, **tables(frames), features=FEATURES)
    assert found.schema.equals(ASSIGNMENT_SCHEMA)
    frame = found.to_pandas()
    keys = ["segmentation", "customer_id", "month"]
    assert not frame.duplicated(keys).any()
    assert frame[keys].equals(frame[keys].sort_values(keys, ignore_index=True))
    assert len(frame) == len(frames["stages"])
    assert frame["confidence"].between(0, 1).all()
    assert (frame["distance"] <= frame["next_distance"]).all()


def test_a_model_scores_its_own_months_and_the_one_after(shop):
    frames, models = shop
    place = models.schema.get_field_index("in_force_to")
    until = pa.repeat(pa.scalar(date(2017, 10, 1), pa.date32()), len(models))
    older = models.set_column(place, models.schema.field(place), until)
    whole = assign_months(models, **tables(frames), features=FEATURES).to_pandas()
    found = assign_months(older, **tables(frames), features=FEATURES).to_pandas()
    expected = whole[whole["month"] <= date(2017, 11, 1)].reset_index(drop=True)
    assert found.equals(expected)
    assert (whole["segment_number"] == whole["cluster_number"] + 9).all()


def test_what_is_done_is_not_scored_again(shop):
    frames, models = shop
    whole = assign_months(models, **tables(frames), features=FEATURES).to_pandas()
    known = whole[["model_version", "fingerprint"]].drop_duplicates()
    known = known.query("model_version != 'value' or fingerprint != '2017-12-01'")
    done = list(known.itertuples(index=False, name=None))
    left = assign_months(
        models, **tables(frames), features=FEATURES, done=done
    ).to_pandas()
    expected = whole.query("segmentation == 'value' and fingerprint == '2017-12-01'")
    assert len(left)
    assert left.equals(expected.reset_index(drop=True))


def test_blocks_and_threads_do_not_matter(shop, monkeypatch):
    frames, models = shop
    whole = assign_months(models, **tables(frames), features=FEATURES)
    monkeypatch.setattr(assignment, "BLOCK_CUSTOMERS", 7)
    assert assign_months(models, **tables(frames), features=FEATURES, n_jobs=2).equals(
        whole
    )


def frozen(representation, metric, windows) -> dict:
    """A model of three of the windows, as a row."""
    fitted = Representation(representation, 2.0).fit(windows)
    _, steps, features = windows.shape
    return {
        "representation": representation,
        "smoothing_steps": 2.0,
        "location": fitted.location_.tolist(),
        "scale": fitted.scale_.tolist(),
        "log_features": fitted.log_features_.tolist(),
        "centroids": fitted.transform(windows[:3]).ravel().tolist(),
        "k": 3,
        "steps": steps,
        "features": [str(feature) for feature in range(features)],
        "metric": metric,
        "band": None if metric == "euclidean" else 2,
    }


def spend(customers=60, steps=21, features=1, is_ragged=False) -> np.ndarray:
    generator = np.random.default_rng(3)
    windows = generator.gamma(1, 50, (customers, steps, features))
    windows[generator.random(windows.shape) < 0.5] = 0.0
    windows[:, 0] += 1
    if is_ragged:
        for row, length in enumerate(generator.integers(4, steps + 1, customers)):
            windows[row, length if row > 2 else steps :] = np.nan
    return windows


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_pieces_in_any_order_give_the_same_to_the_last_bit(representation, metric):
    for features, is_ragged in ((1, False), (1, True), (3, False)):
        windows = spend(features=features, is_ragged=is_ragged)
        model = frozen(representation, metric, windows)
        whole = assign(windows, model)
        order = np.random.default_rng(5).permutation(len(windows))
        for pieces in (len(windows), 9, 2):
            for rows in np.array_split(order, pieces):
                found = assign(windows[rows], model)
                for part, expected in zip(found, whole, strict=True):
                    np.testing.assert_array_equal(part, expected[rows])


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_those_of_the_metric(metric):
    windows = spend(is_ragged=True)
    model = frozen("population", metric, windows)
    fitted = Representation("population").fit(windows)
    X = fitted.transform(windows)
    band = None if metric == "euclidean" else 2
    expected = distances(X, X[:3], metric, band)
    numbers, nearest, following = assign(windows, model)
    np.testing.assert_allclose(nearest, expected.min(axis=1), atol=1e-6)
    np.testing.assert_allclose(following, np.sort(expected, axis=1)[:, 1], rtol=1e-9)
    np.testing.assert_array_equal(numbers, expected.argmin(axis=1) + 1)


@pytest.mark.parametrize("storage", ["parquet", "duckdb"])
def test_a_stored_model_scores_as_the_one_that_was_fitted(shop, storage, tmp_path):
    frames, models = shop
    if storage == "parquet":
        pq.write_table(models, tmp_path / "models.parquet")
        stored = pq.read_table(tmp_path / "models.parquet")
    else:
        with duckdb.connect(str(tmp_path / "work.duckdb")) as connection:
            connection.register("fitted", models)
            connection.execute("create table models as select * from fitted")
            stored = connection.execute("select * from models").to_arrow_table()
    found = assign_months(stored, **tables(frames), features=FEATURES)
    assert found.equals(assign_months(models, **tables(frames), features=FEATURES))


def test_earlier_months_see_their_own_window_only(shop):
    """Two months back is 61 days back from the end of December."""
    frames, models = shop
    found = assign_months(models, **tables(frames), features=FEATURES).to_pandas()
    october = found[found["month"].astype(str) == "2017-10-01"]
    series = frames["series"].to_pandas().set_index(["series", "customer_id"])
    for model in models.to_pylist():
        name, features = model["segmentation"], len(model["features"])
        own = october[october["segmentation"] == name]
        back = 61 if name == "rhythm" else 2
        for row in own.iloc[::20].itertuples():
            values = series["series_values"][model["series"]][row.customer_id]
            steps = np.reshape(values, (-1, features))[:-back][-model["steps"] :]
            padded = np.full((1, model["steps"], features), np.nan)
            padded[0, : len(steps)] = steps
            numbers, distance, _ = assign(padded, model)
            assert numbers[0] == row.cluster_number
            assert distance[0] == row.distance


def test_one_customer_is_placed_as_among_all(shop):
    frames, models = shop
    whole = assign_months(models, **tables(frames), features=FEATURES).to_pandas()
    frames = {**frames, "stages": frames["stages"].query("customer_id == '00007'")}
    alone = assign_months(models, **tables(frames), features=FEATURES).to_pandas()
    expected = whole.query("customer_id == '00007'").reset_index(drop=True)
    assert alone.equals(expected)


def test_no_models_give_a_typed_empty_table(shop):
    frames, models = shop
    found = assign_months(models.slice(0, 0), **tables(frames), features=FEATURES)
    assert found.num_rows == 0
    assert found.schema.equals(ASSIGNMENT_SCHEMA)


def test_confidence_lies_between_border_and_centre():
    found = confidence(np.array([0.0, 1, 2, 0]), np.array([1.0, 2, 2, 0]))
    np.testing.assert_array_equal(found, [1, 0.5, 0, 0])
