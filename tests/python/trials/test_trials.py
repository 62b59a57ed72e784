"""Trials from end to end: choice, evidence, verdicts, determinism."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from sklearn.metrics import adjusted_rand_score, silhouette_score
from trial_shops import (
    FEW_REPEATS,
    PROJECT,
    SEGMENTATIONS,
    day,
    few_trials,
    frames_of,
    orders_frame,
    planted_shop,
    poisson_shop,
    shared_data,
    shuffled,
)

from trajectories.metrics import distances
from trajectories.series.representations import Representation
from trajectories.series.series import to_matrix, window
from trajectories.trials.samples import stratified_rows
from trajectories.trials.settings import Settings
from trajectories.trials.trials import (
    TRIAL_SCHEMA,
    run_trials,
)

POPULATION = {"representation": "population", "metric": "euclidean"}


def chosen(trials: pa.Table) -> pd.DataFrame:
    return trials.filter(trials["is_chosen"]).to_pandas().set_index("segmentation")


@pytest.fixture(scope="module")
def planted():
    orders, kinds = planted_shop()
    names = few_trials("rhythm", "value", "lifecycle")
    return run_trials(names, **frames_of(orders)), kinds


@pytest.mark.parametrize("times", [1e3, 1e6])
def test_one_customer_far_above_all_others_makes_no_segment(times):
    generator = np.random.default_rng(0)
    customer = np.repeat(np.arange(40), 20)
    days = generator.integers(day("2016-07-01"), day("2018-01-01"), len(customer))
    amount = generator.gamma(20, 2, len(customer)) * np.where(customer, 1, times)
    orders = orders_frame(customer, days, amount)
    settings = few_trials("lifecycle", "value", null_shuffles=1, bootstrap_refits=2)
    trials = run_trials(settings, **frames_of(orders))
    assert min(map(min, trials["sizes"].to_pylist())) == 1
    best = chosen(trials)
    assert set(best.index) == set(settings)
    assert min(map(min, best["sizes"])) >= 5


def test_planted_kinds_are_found_and_believed(planted):
    trials, kinds = planted
    best = chosen(trials)
    assert best["has_structure"].all(), best["reason"].tolist()
    # Two clusters of three kinds reach 0.58 at best: rhythm sees no amounts.
    for name, least in {"rhythm": 0.55, "lifecycle": 0.6}.items():
        truth = kinds[best.loc[name, "sample_customer_ids"]]
        assert adjusted_rand_score(truth, best.loc[name, "sample_labels"]) > least
    assert (best["null_p_value"].loc[["rhythm"]] <= 0.05).all()
    assert (best["persistence_p_value"] <= 0.05).all()
    assert (best["predictive_r2"] > 0.1).all()


def test_one_row_per_trial_and_one_choice(planted):
    trials, _ = planted
    frame = trials.to_pandas()
    assert trials.schema.equals(TRIAL_SCHEMA)
    candidate = ["representation", "smoothing_steps", "metric", "band"]
    assert not frame.duplicated(["segmentation", *candidate, "k"]).any()
    counts = frame.groupby(["segmentation", *candidate], dropna=False)["k"].agg(list)
    assert (counts.map(tuple) == (2, 3, 4, 5)).all()
    assert len(counts) == 4
    assert (frame.groupby("segmentation")["is_chosen"].sum() == 1).all()
    elbows = frame.groupby(["segmentation", *candidate], dropna=False)["is_elbow"]
    assert (elbows.sum() <= 1).all()


def test_every_trial_is_measured_in_full(planted):
    trials, _ = planted
    frame = trials.to_pandas()
    measured = [name for name in frame if name.endswith(("_ari", "_r2", "_p_value"))]
    elsewhere = {"hierarchical_ari", "dbscan_ari"}  # of static ones only
    constant = {"activity_r2", "rfm_activity_r2"}  # everyone orders again
    assert frame[list(constant)].isna().all(axis=None)
    for name in set(measured) - elsewhere - constant | {"null_silhouette"}:
        assert frame[name].notna().all(), name
    assert (frame["null_silhouettes"].map(len) == FEW_REPEATS["null_shuffles"]).all()
    nulls = np.array(frame["null_silhouettes"].tolist())
    np.testing.assert_allclose(nulls.mean(axis=1), frame["null_silhouette"])
    assert (nulls.std(axis=1) > 0).all()
    added = frame["added_predictive_r2"] + frame["rfm_predictive_r2"]
    assert (added > frame["predictive_r2"] - 0.05).all()


def test_arrays_have_the_shape_the_row_says(planted):
    trials, _ = planted
    for row in trials.to_pylist():
        cells = row["k"] * row["steps"] * len(row["features"])
        assert len(row["centroids"]) == len(row["member_means"]) == cells
        assert len(row["sizes"]) == row["k"]
        assert sum(row["sizes"]) == row["sampled_customers"]
        labels = np.array(row["sample_labels"])
        assert np.bincount(labels)[1:].tolist() == row["sizes"]
        assert np.mean(row["sample_silhouettes"]) == pytest.approx(row["silhouette"])
        assert len(row["location"]) == len(row["features"])
        is_static = row["steps"] == 1
        assert (row["sample_x"] is not None) == is_static
        assert (row["hierarchical_ari"] is not None) == is_static


def test_silhouettes_are_in_the_metric_of_the_clustering(planted):
    """DTW clusters scored by a Euclidean silhouette is a well-known mistake."""
    trials, _ = planted
    frames = frames_of(planted_shop()[0])
    series = frames["series"].to_pandas().set_index(["series", "customer_id"])
    for row in trials.filter(trials["k"].to_numpy() == 3).to_pylist():
        lists = series["series_values"][row["series"]][row["sample_customer_ids"]]
        windows = window(to_matrix(lists, len(row["features"])), 0, row["steps"])
        frozen = [row[x] for x in ("representation", "location", "scale")]
        frozen += [row["log_features"], row["smoothing_steps"]]
        X = Representation.from_rows(*frozen).transform(windows)
        between = distances(X, X, row["metric"], row["band"])
        np.fill_diagonal(between, 0)
        expected = silhouette_score(between, row["sample_labels"], metric="precomputed")
        assert row["silhouette"] == pytest.approx(expected, abs=1e-9)


def test_clusters_are_numbered_by_what_their_members_spend(planted):
    trials, _ = planted
    for row in trials.to_pylist():
        shape = row["k"], row["steps"], len(row["features"])
        means = np.array(row["member_means"], float).reshape(shape)
        by = SEGMENTATIONS[row["segmentation"]]["numbered_by"]
        spend = np.nanmean(means[:, :, row["features"].index(by)], axis=1)
        assert (np.diff(spend) <= 0).all()


def test_member_means_are_in_original_units(planted):
    trials, _ = planted
    orders, _ = planted_shop()
    row = chosen(trials).loc["value"]
    ids = np.array(row["sample_customer_ids"])[np.array(row["sample_labels"]) == 1]
    year = orders[orders["order_date"] > "2016-12-31"]
    spend = year.groupby("customer_id")["amount"].sum()[ids].mean()
    assert np.array(row["member_means"]).reshape(-1, 3)[0, 2] == pytest.approx(spend)


def test_two_runs_are_identical_whatever_the_order_of_rows():
    frames = frames_of(planted_shop(150)[0])
    settings = few_trials("value", "lifecycle", null_shuffles=3, k_max=3)
    first = run_trials(settings, **frames)
    generator = np.random.default_rng(0)
    frames["series"] = frames["series"].take(generator.permutation(450))
    for name in ("stages", "months"):
        frames[name] = frames[name].sample(frac=1, random_state=1)
    assert first.equals(run_trials(settings, **frames))


@pytest.mark.parametrize("shop", ["poisson", "shuffled"])
def test_chance_is_not_believed(shop):
    orders = poisson_shop() if shop == "poisson" else shuffled(planted_shop()[0], 10)
    names = ["value", "lifecycle"] + (["rhythm"] if shop == "shuffled" else [])
    best = chosen(run_trials(few_trials(*names, k_max=4), **frames_of(orders)))
    assert not best["has_structure"].any(), best["reason"].tolist()
    assert best["reason"].str.contains("No segments here").all()
    assert best["reason"].str.contains("shuffled orders look the same").all()


def test_the_bicycle_export_has_no_segments():
    folder = shared_data("sprocket")
    if folder is None:
        pytest.skip("The bicycle export is not present (TRAJECTORIES_SHARED_DATA).")
    raw = pd.read_csv(folder / "Transactions_Cleaned.csv")
    raw = raw[raw["order_status"] == "Approved"]
    days = pd.to_datetime(raw["transaction_date"]).to_numpy("datetime64[D]").astype(int)
    orders = orders_frame(raw["customer_id"], days, raw["list_price"])
    best = chosen(
        run_trials(few_trials("value", "lifecycle", "rhythm"), **frames_of(orders))
    )
    assert len(best) == 3
    assert not best["has_structure"].any(), best["reason"].tolist()
    assert (best["predictive_r2"] < 0.03).all()


def test_online_retail_has_segments():
    folder = shared_data("online_retail_ii")
    if folder is None:
        pytest.skip("Online Retail II is not present (TRAJECTORIES_SHARED_DATA).")
    raw = pd.read_parquet(folder / "online_retail_II.parquet").drop_duplicates()
    raw = raw[raw["Customer ID"].notna() & (raw["Price"] > 0) & (raw["Quantity"] > 0)]
    raw["amount"] = raw["Price"] * raw["Quantity"]
    summed = raw.groupby(["Invoice", "Customer ID"], as_index=False).agg(
        day=("InvoiceDate", "min"), amount=("amount", "sum")
    )
    days = summed["day"].to_numpy("datetime64[D]").astype(int)
    orders = orders_frame(summed["Customer ID"].astype(int), days, summed["amount"])
    frames = frames_of(orders, day("2011-11-30"))
    best = chosen(run_trials(few_trials("value", "lifecycle"), **frames))
    assert best["has_structure"].all(), best["reason"].tolist()
    assert best.loc["value", "predictive_r2"] > 0.1


def test_no_customers_give_a_typed_empty_table():
    frames = frames_of(planted_shop(30)[0])
    empty = {
        "series": frames["series"].slice(0, 0),
        "stages": frames["stages"].head(0),
        "months": frames["months"].head(0),
        "orders": frames["orders"].head(0),
    }
    trials = run_trials(few_trials("value", "lifecycle"), **empty)
    assert trials.num_rows == 0
    assert trials.schema.equals(TRIAL_SCHEMA)


@pytest.mark.parametrize("customers", [1, 3, 4, 7])
def test_few_customers_give_what_is_possible(customers):
    frames = frames_of(planted_shop(customers)[0])
    settings = few_trials("value", "lifecycle", null_shuffles=2, bootstrap_refits=2)
    trials = run_trials(settings, **frames).to_pandas()
    if customers < 4:
        assert trials.empty
    else:
        assert trials["k"].max() == min(5, customers - 1)
        assert trials.groupby("segmentation")["is_chosen"].sum().eq(1).all()


def test_alike_customers_make_no_segments():
    days = np.arange(day("2017-01-02"), day("2017-12-31"), 10)
    customers = np.repeat(np.arange(40), len(days))
    orders = orders_frame(customers, np.tile(days, 40), np.full(len(customers), 5.0))
    settings = few_trials("value", "rhythm", null_shuffles=3)
    best = chosen(run_trials(settings, **frames_of(orders)))
    assert not best["has_structure"].any()
    assert (best["silhouette"] == 0).all()


def test_silhouette_alone_is_one_line_away():
    frames = frames_of(planted_shop(150)[0])
    settings = few_trials("lifecycle", choose="silhouette", null_shuffles=2)
    trials = run_trials(settings, **frames).to_pandas()
    first = trials[trials["metric"] == "dtw"]  # the first candidate's
    best = first.loc[first["is_chosen"]].iloc[0]
    assert best["silhouette"] >= first["silhouette"].max() - 0.005
    assert "has the best silhouette" in best["reason"]


def test_every_segmentation_of_paths_tries_dtw_beside_euclid():
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
    for name, settings in project["segmentations"].items():
        if not project["series"][settings["series"]].get("is_static"):
            fair = [c for c in settings["candidates"] if not c.get("is_recipe")]
            assert {c["metric"] for c in fair} >= {"dtw", "euclidean"}, name
    (recipe,) = [
        c for c in project["segmentations"]["rhythm"]["candidates"] if "is_recipe" in c
    ]
    assert recipe["metric"] == "dtw"
    assert "band" not in recipe
    assert (recipe["k_min"], recipe["k_max"]) == (8, 8)
    assert project["segmentations"]["behaviour"]["k_max"] == 10


def test_the_usual_recipe_is_one_line_away_and_measured_on_its_own_sample():
    recipe = {"representation": "own_z_score", "metric": "dtw", "is_recipe": True}
    recipe |= {"k_min": 3, "k_max": 3, "sample_customers": 50}
    frames, made = frames_of(planted_shop(150)[0]), {}
    for choose in ("evidence", "recipe"):
        settings = few_trials("rhythm", choose=choose, null_shuffles=2)
        plain = [c for c in settings["rhythm"]["candidates"] if not c.get("is_recipe")]
        settings["rhythm"]["candidates"] = [*plain, recipe]
        made[choose] = run_trials(settings, **frames).to_pandas()
        of_recipe = made[choose][made[choose]["is_recipe"]]
        assert of_recipe["k"].tolist() == [3]
        assert of_recipe["sampled_customers"].tolist() == [50]
        assert len(of_recipe["sample_labels"].iloc[0]) == 50
        assert of_recipe["null_p_value"].notna().all()
        assert of_recipe["predictive_r2"].notna().all()
        assert of_recipe["is_chosen"].tolist() == [choose == "recipe"]


def test_without_shuffles_nothing_is_believed():
    frames = frames_of(planted_shop(150)[0])
    settings = few_trials("value", null_shuffles=0)
    trials = run_trials(settings, **frames).to_pandas()
    assert trials["null_p_value"].isna().all()
    assert not trials["has_structure"].any()


def test_no_number_depends_on_the_threads(monkeypatch):
    frames = frames_of(planted_shop(120)[0])
    settings = few_trials("value", "lifecycle", null_shuffles=3, k_max=3)
    many = run_trials(settings, **frames)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert many.equals(run_trials(settings, **frames))


def test_sample_is_stratified_bounded_and_seeded():
    generator = np.random.default_rng(0)
    size, amount = generator.poisson(5, 3000), generator.gamma(1, 100, 3000)
    rows = stratified_rows(size, amount, 300, seed=4)
    assert len(np.unique(rows)) == 300
    np.testing.assert_array_equal(rows, stratified_rows(size, amount, 300, seed=4))
    assert (rows != stratified_rows(size, amount, 300, seed=5)).any()
    for orders in range(2, 9):
        share = (size == orders).mean()
        assert (size[rows] == orders).mean() == pytest.approx(share, abs=0.007)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choose": "luck"}, "choose is 'luck'. Use one of evidence, silhouette"),
        ({"choose": "recipe"}, "no candidate has is_recipe: true"),
        ({"candidates": [{**POPULATION, "k_min": 9}]}, "k goes from 9 to"),
        ({"candidates": []}, "Give at least one"),
        ({"candidates": [POPULATION, POPULATION]}, "each of them once"),
        ({"candidates": [{**POPULATION, "metric": "manhattan"}]}, "'manhattan'. Use"),
        ({"candidates": [{**POPULATION, "band": 2}]}, "Only elastic metrics"),
        ({"candidates": [{**POPULATION, "representation": "raw"}]}, "'raw'. Use"),
        (
            {"candidates": [{**POPULATION, "representation": "smoothed"}]},
            "smoothing_steps None. Give a number above 0",
        ),
        ({"numbered_by": "size"}, "not among the features"),
        ({"k_min": 1}, "Start at 2"),
        ({"sample_customers": 5000}, "at most 2000"),
    ],
)
def test_contradicting_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Settings(**{**SEGMENTATIONS["value"], **changes})
