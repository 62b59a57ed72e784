"""Assignment is a pure function of series and frozen rows."""

import numpy as np
import pytest
from test_trials import chosen, only
from trial_shops import SEGMENTATIONS, frames_of, planted_shop

from trajectories import assignment
from trajectories.assignment import ASSIGNMENT_SCHEMA, assign_months, confidence
from trajectories.trials import run_trials


@pytest.fixture(scope="module")
def shop():
    frames = frames_of(planted_shop(200)[0])
    settings = only(
        "lifecycle", "rhythm", "value", null_shuffles=0, bootstrap_refits=1, k_max=3
    )
    return frames, run_trials(settings, **frames)


def tables(frames):
    import pyarrow as pa

    return {
        "series": frames["series"],
        "stages": pa.Table.from_pandas(frames["stages"]),
        "months": pa.Table.from_pandas(frames["months"]),
    }


def test_the_sample_gets_its_own_labels_back(shop):
    frames, trials = shop
    found = assign_months(SEGMENTATIONS, trials, **tables(frames)).to_pandas()
    latest = found[found["month"].astype(str) == "2017-12-01"]
    for name, row in chosen(trials).iterrows():
        own = latest[latest["segmentation"] == name].set_index("customer_id")
        own = own["cluster_number"][row["sample_customer_ids"]]
        np.testing.assert_array_equal(own, row["sample_labels"])


def test_every_active_customer_and_month_once(shop):
    frames, trials = shop
    found = assign_months(SEGMENTATIONS, trials, **tables(frames))
    assert found.schema.equals(ASSIGNMENT_SCHEMA)
    frame = found.to_pandas()
    keys = ["segmentation", "customer_id", "month"]
    assert not frame.duplicated(keys).any()
    assert frame[keys].equals(frame[keys].sort_values(keys, ignore_index=True))
    assert len(frame) == len(frames["stages"])
    assert frame["confidence"].between(0, 1).all()
    assert (frame["distance"] <= frame["next_distance"]).all()


def test_blocks_and_threads_do_not_matter(shop, monkeypatch):
    frames, trials = shop
    whole = assign_months(SEGMENTATIONS, trials, **tables(frames))
    monkeypatch.setattr(assignment, "BLOCK_CUSTOMERS", 7)
    blocks = assign_months(SEGMENTATIONS, trials, **tables(frames), n_jobs=2)
    assert whole.drop(["distance", "next_distance", "confidence"]).equals(
        blocks.drop(["distance", "next_distance", "confidence"])
    )
    np.testing.assert_allclose(whole["distance"], blocks["distance"], atol=1e-6)


def test_earlier_months_see_their_own_window_only(shop):
    """Two months back is 61 days back from the end of December."""
    frames, trials = shop
    found = assign_months(SEGMENTATIONS, trials, **tables(frames)).to_pandas()
    october = found[found["month"].astype(str) == "2017-10-01"]
    series = frames["series"].to_pandas().set_index(["series", "customer_id"])
    models = trials.filter(trials["is_chosen"]).to_pylist()
    for model in models:
        name, features = model["segmentation"], len(model["features"])
        own = october[october["segmentation"] == name]
        back = 61 if name == "rhythm" else 2
        for row in own.iloc[::20].itertuples():
            values = series["series_values"][model["series"]][row.customer_id]
            steps = np.reshape(values, (-1, features))[:-back][-model["steps"] :]
            padded = np.full((1, model["steps"], features), np.nan)
            padded[0, : len(steps)] = steps
            numbers, distance, _ = assignment.assign(padded, model)
            assert numbers[0] == row.cluster_number
            assert distance[0] == pytest.approx(row.distance, abs=1e-6)


def test_one_customer_is_placed_as_among_all(shop):
    frames, trials = shop
    whole = assign_months(SEGMENTATIONS, trials, **tables(frames)).to_pandas()
    frames = {**frames, "stages": frames["stages"].query("customer_id == '00007'")}
    alone = assign_months(SEGMENTATIONS, trials, **tables(frames)).to_pandas()
    expected = whole.query("customer_id == '00007'").reset_index(drop=True)
    assert alone["cluster_number"].equals(expected["cluster_number"])


def test_no_trials_give_a_typed_empty_table(shop):
    frames, trials = shop
    found = assign_months(SEGMENTATIONS, trials.slice(0, 0), **tables(frames))
    assert found.num_rows == 0
    assert found.schema.equals(ASSIGNMENT_SCHEMA)


def test_confidence_lies_between_border_and_centre():
    found = confidence(np.array([0.0, 1, 2, 0]), np.array([1.0, 2, 2, 0]))
    np.testing.assert_array_equal(found, [1, 0.5, 0, 0])
