"""Model versions: fitted once, kept, and reused until a refit is due."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from real_builds import PROJECT, Build, run_build
from trial_shops import planted_shop

from trajectories import model_versions
from trajectories.model_versions import VERSION_SCHEMA, renew
from trajectories.trials import TRIAL_SCHEMA

SETTINGS = {"value": {"period": "month", "k": 2}, "rhythm": {"period": "day", "k": 3}}
BUILD = model_versions.Build(
    SETTINGS,
    common={"seed": 1},
    evidence_customers=100,
    input="shop",
    last_day=date(2017, 11, 30),
)
CUSTOMERS = ("a", "b", "c", "d")


class Shop:
    """Runs made-up trials, and counts what it is asked for."""

    def __init__(self, centre: float = 0.1):
        self.centre, self.fits, self.said = centre, [], []
        self.customers = set(CUSTOMERS)

    def fit(self, segmentations) -> pa.Table:
        self.fits.append(sorted(segmentations))
        rows = [
            {
                "segmentation": name,
                "representation": "population",
                "metric": "euclidean",
                "k": k,
                "is_chosen": k == settings["k"],
                "centroids": [self.centre, 1 / 3, float("nan")],
                "sample_customer_ids": list(CUSTOMERS),
                "sampled_customers": len(CUSTOMERS),
            }
            for name, settings in segmentations.items()
            for k in (2, 3)
        ]
        return pa.Table.from_pylist(rows, schema=TRIAL_SCHEMA)

    def build(self, history: pa.Table | None = None, **changes) -> pa.Table:
        build = dataclasses.replace(BUILD, **changes)

        def count_known(ids) -> int:
            return len(self.customers.intersection(ids))

        return renew(history, build, count_known, self.fit, self.said.append)


def versions(table: pa.Table) -> pd.DataFrame:
    """One row per version, by name, in the order of the table."""
    frame = table.filter(table["is_chosen"]).to_pandas()
    assert frame["model_version"].is_unique
    return frame.set_index("model_version")


def current(table: pa.Table) -> dict[str, str]:
    frame = versions(table)
    frame = frame[frame["is_current"]]
    assert frame["segmentation"].is_unique
    return dict(zip(frame["segmentation"], frame.index, strict=True))


def same(one: pa.Table, other: pa.Table) -> bool:
    """Whether all values but is_new are the same to the last bit, NaN being NaN."""
    one, other = (table.drop_columns("is_new") for table in (one, other))
    return one.schema == other.schema and str(one.to_pylist()) == str(other.to_pylist())


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def first(shop) -> pa.Table:
    table = shop.build()
    shop.fits.clear()
    shop.said.clear()
    return table


def test_the_first_build_fits_everything():
    shop = Shop()
    table = shop.build()
    assert shop.fits == [["rhythm", "value"]]
    assert table.schema.equals(VERSION_SCHEMA)
    assert table.num_rows == 4
    assert all(table["is_current"].to_pylist())
    assert all(table["is_new"].to_pylist())
    row = versions(table).iloc[0]
    assert row.name.startswith("rhythm-2017-11-")
    assert row["fitted_to"] == date(2017, 11, 30)
    assert (row["fit_number"], row["input"], row["period"]) == (1, "shop", "day")
    assert row["refit_reason"] == "fitted, for it has no version yet."
    assert "numba " in row["library_versions"]
    assert shop.said[0] == "rhythm: fitted, for it has no version yet."


def test_a_later_month_is_scored_by_the_same_versions(shop, first):
    again = shop.build(first, last_day=date(2018, 3, 31))
    assert shop.fits == []
    assert same(again, first)
    assert not any(again["is_new"].to_pylist())
    assert shop.said[1] == f"value: scored by version {current(first)['value']}."


@pytest.mark.parametrize("storage", ["parquet", "duckdb"])
def test_versions_come_back_from_storage_to_the_last_bit(
    shop, first, storage, tmp_path
):
    if storage == "parquet":
        pq.write_table(first, tmp_path / "versions.parquet")
        stored = pq.read_table(tmp_path / "versions.parquet")
    else:
        with duckdb.connect(str(tmp_path / "work.duckdb")) as connection:
            connection.register("first", first)
            connection.execute("create table versions as select * from first")
            stored = connection.execute("select * from versions").to_arrow_table()
    again = shop.build(stored)
    assert shop.fits == []
    assert same(again, first)


def test_a_refit_that_finds_the_same_changes_nothing(shop, first):
    again = shop.build(first, refit=True)
    assert shop.fits == [["rhythm", "value"]]
    assert same(again, first)


def test_a_refit_that_finds_something_else_is_a_new_version(shop, first):
    shop.centre += 1e-16
    again = shop.build(first, refit=True)
    new = current(again)
    assert not set(new.values()) & set(current(first).values())
    assert list(versions(again)["fit_number"]) == [1, 2, 1, 2]
    assert list(versions(again)["is_new"]) == [False, True, False, True]
    reasons = versions(again).loc[list(new.values()), "refit_reason"]
    assert set(reasons) == {"fitted, for a refit was asked for."}
    assert current(shop.build(again)) == new
    back = Shop().build(again, refit=True)
    assert current(back) == current(first)
    assert list(versions(back)["fit_number"]) == [2, 3, 2, 3]
    assert not versions(back)["is_new"].any()


def test_new_settings_fit_their_own_segmentation(shop, first):
    settings = {**SETTINGS, "value": {"period": "month", "k": 3}}
    changed = shop.build(first, segmentations=settings)
    assert shop.fits == [["value"]]
    assert shop.said[1] == "value: fitted, for its settings are new."
    assert current(changed)["rhythm"] == current(first)["rhythm"]
    assert current(changed)["value"] != current(first)["value"]
    back = shop.build(changed)
    assert len(shop.fits) == 1
    assert current(back) == current(first)
    assert len(versions(back)) == 3


@pytest.mark.parametrize(
    "changes", [{"common": {"seed": 2}}, {"evidence_customers": 99}]
)
def test_new_common_settings_fit_everything(shop, first, changes):
    changed = shop.build(first, **changes)
    assert shop.fits == [["rhythm", "value"]]
    assert set(versions(changed)["settings_hash"]).issuperset(
        versions(first)["settings_hash"]
    )
    assert len(versions(changed)) == 4


def test_what_a_trial_records_is_part_of_the_settings(shop, first, monkeypatch):
    wider = TRIAL_SCHEMA.append(pa.field("surprise", pa.float64()))
    monkeypatch.setattr(model_versions, "TRIAL_SCHEMA", wider)
    shop.build(first)
    assert shop.fits == [["rhythm", "value"]]


def test_another_input_has_its_own_versions(shop, first):
    other = shop.build(first, input="elsewhere")
    assert shop.fits == [["rhythm", "value"]]
    assert "for the input elsewhere." in shop.said[0]
    assert set(versions(other)["input"]) == {"elsewhere"}  # the same, found there
    shop.centre = 7.0
    third = shop.build(other, input="third")
    back = shop.build(third, input="elsewhere")
    assert len(shop.fits) == 2
    assert current(back) == current(other) != current(third)


def test_other_customers_are_another_shop(shop, first):
    shop.customers = {"a", "b", "x", "y", "z"}
    assert same(shop.build(first), first)
    shop.customers = {"a", "x", "y", "z"}
    shop.build(first)
    assert shop.fits == [["rhythm", "value"]]
    assert "fewer than half" in shop.said[-1]


def test_no_version_scores_days_before_it_was_fitted(shop, first):
    shop.centre = 7.0
    earlier = shop.build(first, last_day=date(2017, 10, 31))
    assert shop.fits == [["rhythm", "value"]]
    assert "know days after 2017-10-31" in shop.said[-1]
    assert current(earlier)["rhythm"].startswith("rhythm-2017-10-")
    between = shop.build(earlier, last_day=date(2017, 11, 1))
    assert current(between) == current(earlier)


def test_the_newest_version_that_holds_scores(shop, first):
    shop.centre = 7.0
    second = shop.build(first, refit=True, last_day=date(2017, 12, 31))
    assert current(shop.build(second, last_day=date(2018, 1, 31))) == current(second)
    assert current(shop.build(second)) == current(first)


def test_an_empty_build_keeps_the_versions_for_later(shop, first):
    empty = shop.build(first, last_day=None)
    assert shop.fits == []
    assert current(empty) == {}
    assert versions(empty).index.tolist() == versions(first).index.tolist()
    assert same(shop.build(empty), first)


def test_what_cannot_be_fitted_has_no_version(shop, first):
    shop.fit = lambda segmentations: TRIAL_SCHEMA.empty_table()
    assert shop.build().num_rows == 0
    kept = shop.build(first, refit=True)
    assert current(kept) == {}
    assert len(versions(kept)) == 2


def test_a_segmentation_that_is_left_out_rests(shop, first):
    fewer = shop.build(first, segmentations={"value": SETTINGS["value"]})
    assert set(current(fewer)) == {"value"}
    assert len(versions(fewer)) == 2
    assert same(shop.build(fewer), first)


def test_rows_of_an_earlier_layout_are_kept_as_far_as_they_go(shop, first):
    older = first.drop_columns(["seed"]).append_column(
        "forgotten", pa.nulls(first.num_rows, pa.int64())
    )
    table = shop.build(older)
    assert table.schema.equals(VERSION_SCHEMA)
    assert current(table) == current(first)
    before_versions = first.select(TRIAL_SCHEMA.names)
    assert same(shop.build(before_versions), first)


def test_the_name_is_of_the_model_and_of_what_made_it(shop, first, monkeypatch):
    named = current(first)
    assert current(Shop().build()) == named
    assert current(Shop(centre=0.2).build()) != named
    assert current(shop.build(last_day=date(2017, 11, 29))) != named
    assert current(shop.build(common={"seed": 2})) != named
    monkeypatch.setattr(model_versions, "LIBRARIES", ("numpy",))
    assert current(shop.build()) != named


# -- By builds ------------------------------------------------------------------------

ALL_BUT_TESTS = (
    *("--select", "+fct_customer_segments", "+fct_trial_centroids"),
    *("+dim_model_versions", "+dim_segments"),
    *("--exclude-resource-types", "unit_test", "test"),
)


def write_shop(folder: Path, orders: pd.DataFrame, until: str) -> None:
    known = orders[orders["order_date"] <= until]
    folder.mkdir(exist_ok=True)
    known[["transaction_id", "customer_id", "transaction_date", "list_price"]].to_csv(
        folder / "transactions.csv", index=False
    )


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    orders = planted_shop(240)[0]
    lost = orders["customer_id"].astype(int) % 5 == 0
    orders = orders[~(lost & (orders["order_date"] > "2017-11-30"))].copy()
    orders["transaction_id"] = range(1, len(orders) + 1)
    orders["transaction_date"] = orders["order_date"].dt.strftime("%Y-%m-%d")
    return orders.assign(list_price=orders["amount"].round(2))


def small_segmentations() -> dict:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    settings = project["vars"]["segmentations"]
    quick = {"k_max": 3, "sample_customers": 200}
    return {name: {**settings[name], **quick} for name in ("rhythm", "value")}


@pytest.mark.long
def test_a_frozen_version_scores_the_next_month(
    tmp_path: Path, parsed: Path, orders: pd.DataFrame
) -> None:
    source, settings = tmp_path / "shop", {"segmentations": small_segmentations()}

    def build(*arguments: str, returncode: int = 0, **variables) -> Build:
        built = run_build(
            tmp_path / "build",
            *(arguments or ALL_BUT_TESTS),
            source=source,
            target=parsed,
            variables={**settings, **variables},
        )
        assert built.returncode == returncode, built.output[-6000:]
        return built

    def read(built: Build) -> tuple[pd.DataFrame, ...]:
        asked = (
            "select * from marts.dim_model_versions order by all",
            "select * from marts.fct_customer_segments order by all",
            "select * from marts.fct_trial_centroids order by all",
        )
        return tuple(built.work(question) for question in asked)

    write_shop(source, orders, "2017-11-30")
    november = build()
    models, members, centres = read(november)
    assert set(models["segmentation"]) == set(settings["segmentations"])
    assert models["is_current"].all()
    assert (models["input"] == str(source)).all()
    assert "rhythm: fitted, for it has no version yet." in november.said

    write_shop(source, orders, "2017-12-31")
    december = build()
    assert "fitted" not in december.said
    later_models, later_members, later_centres = read(december)
    pd.testing.assert_frame_equal(later_models, models)
    pd.testing.assert_frame_equal(later_centres, centres)
    known = later_members["month"] < "2017-12-01"
    measures = ["segmentation", "customer_id", "month", "segment_id", "distance"]
    pd.testing.assert_frame_equal(
        later_members.loc[known, measures]
        .sort_values(measures[:3])
        .reset_index(drop=True),
        members[measures].sort_values(measures[:3]).reset_index(drop=True),
        check_exact=True,
    )
    scored = later_members[~known & later_members["distance"].notna()]
    assert set(scored["segmentation"]) == set(settings["segmentations"])
    used = "select distinct model_version from marts.dim_segments"
    assert set(december.work(used)["model_version"]) == set(models["model_version"])

    build(*ALL_BUT_TESTS, "--empty")
    failed = build(returncode=1, refit=True, persona_stability="no_such_column")
    assert "Model versions that this run fitted are forgotten" in failed.said
    kept = failed.work(
        "select model_version from intermediate.int_segmentation_trials where is_chosen"
    )
    assert set(kept["model_version"]) == set(models["model_version"])

    last = build(refit=True)
    refitted, *_ = read(last)
    assert len(refitted) == 2 * len(models)
    old = refitted["model_version"].isin(models["model_version"])
    assert (refitted["is_current"] == ~old).all()
    assert refitted[~old]["model_version"].str.contains("-2017-12-").all()
    assert set(refitted[~old]["fit_number"]) == {2}
    assert set(last.work(used)["model_version"]) == set(refitted[~old]["model_version"])
