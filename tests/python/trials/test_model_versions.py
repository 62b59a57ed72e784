"""Model versions: fitted once, kept, and reused until a refit is due."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from real_builds import PROJECT, Build, run_build
from trial_shops import planted_shop

from trajectories.trials import model_versions
from trajectories.trials.model_versions import VERSION_SCHEMA, renew
from trajectories.trials.trials import TRIAL_SCHEMA
from trajectories.trials.version_rows import rows_of_versions, versions_of_rows

SETTINGS = {"value": {"period": "month", "k": 2}, "rhythm": {"period": "day", "k": 3}}
BUILD = model_versions.Build(
    SETTINGS,
    common={"seed": 1},
    evidence_customers=100,
    input="shop",
    first_fit_months=11,
)
CUSTOMERS = ("a", "b", "c", "d")
NOVEMBER = date(2017, 11, 30)


def calendar(last_day: date | None, corrected: date | None = None) -> pa.Table:
    """Months from January 2017 on; those from a corrected one on look otherwise."""
    ends = pd.date_range("2017-01-31", last_day, freq="ME") if last_day else []
    rows = [
        {
            "month": end.date().replace(day=1),
            "month_end_date": end.date(),
            "months_back": len(ends) - 1 - place,
            "months_of_data": place + 1,
            "fingerprint": f"{end:%Y-%m}"
            + ("*" if corrected and end.date() >= corrected else ""),
        }
        for place, end in enumerate(ends)
    ]
    days = dict.fromkeys(["month", "month_end_date"], pa.date32())
    numbers = dict.fromkeys(["months_back", "months_of_data"], pa.int64())
    schema = pa.schema({**days, **numbers, "fingerprint": pa.string()})
    return pa.Table.from_pylist(rows, schema=schema)


class Shop:
    """Runs made-up trials, and counts what it is asked for.

    Attributes:
        agreed: adjusted Rand index of trial refits, by last day of the month.
        chosen: number of clusters that trials choose, by segmentation; as in the
            settings where it is not said.
        cells_of: customers by clusters before and after, for so many of each.
        distances_of: how unlike they are, from these customers; all alike where it
            is not said.
    """

    def __init__(self, centre: float = 0.1):
        self.centre, self.fits, self.said, self.checks = centre, [], [], []
        self.customers, self.agreed, self.chosen = set(CUSTOMERS), {}, {}
        self.features = ["amount"]
        self.cells_of = lambda before, after: np.eye(before, after, dtype=int) * 9
        self.distances_of = np.zeros_like

    def look(self, backs) -> Shop:
        self.looked = list(backs)
        return self

    def fit(self, names, back) -> pa.Table:
        self.fits.append(sorted(names))
        rows = [
            {
                "segmentation": name,
                "series": name,
                "features": self.features,
                "representation": "population",
                "metric": "euclidean",
                "k": k,
                "is_chosen": k == self.chosen.get(name, SETTINGS[name]["k"]),
                "centroids": [self.centre, 1 / 3, float("nan")],
                "sample_customer_ids": list(CUSTOMERS),
                "sampled_customers": len(CUSTOMERS),
            }
            for name in names
            for k in (2, 3, 4)
        ]
        return pa.Table.from_pylist(rows, schema=TRIAL_SCHEMA)

    def compare(self, before, after, back) -> tuple[np.ndarray, np.ndarray]:
        cells = self.cells_of(before["k"], after["k"])
        return cells, self.distances_of(cells)

    def check(self, model, back) -> dict:
        month = self.months[back]
        self.checks.append((model["segmentation"], month))
        ari = self.agreed.get(month, 0.9)
        indices = [f"{i}{end}" for i in ("ari", "ami") for end in ("", "_low", "_high")]
        return {
            "customers": 4,
            **dict.fromkeys(indices, ari),
            **{f"jaccard{end}": [ari] * model["k"] for end in ("", "_low", "_high")},
        }

    def build(
        self,
        history: pa.Table | None = None,
        last_day: date | None = NOVEMBER,
        corrected: date | None = None,
        **changes,
    ) -> pa.Table:
        build = dataclasses.replace(BUILD, **changes)
        months = calendar(last_day, corrected)
        ends = months["month_end_date"].to_pylist()
        self.months = dict(zip(months["months_back"].to_pylist(), ends, strict=True))

        def count_known(ids) -> int:
            return len(self.customers.intersection(ids))

        return renew(history, build, months, count_known, self.look, self.said.append)


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
    """Whether all values of the fits are the same to the last bit, NaN being NaN."""
    left = [
        name
        for name in VERSION_SCHEMA.names
        if not name.startswith(("checked", "reviewed", "in_force", "is_new"))
    ]
    one, other = (table.select(left) for table in (one, other))
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
    assert table.num_rows == 6
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
    rows = rows_of_versions(first)
    if storage == "parquet":
        pq.write_table(rows, tmp_path / "versions.parquet")
        stored = pq.read_table(tmp_path / "versions.parquet")
    else:
        with duckdb.connect(str(tmp_path / "work.duckdb")) as connection:
            connection.register("rows", rows)
            connection.execute("create table versions as select * from rows")
            stored = connection.execute("select * from versions").to_arrow_table()
    again = shop.build(versions_of_rows(stored))
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
    settings = {**SETTINGS, "value": {"period": "month", "k": 3, "more": 1}}
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
    assert "no version for this input." in shop.said[0]
    assert set(versions(other)["input"]) == {"elsewhere"}  # the same, found there
    shop.centre = 7.0
    third = shop.build(other, input="third")
    back = shop.build(third, input="elsewhere")
    assert len(shop.fits) == 2
    assert current(back) == current(other) != current(third)


def test_an_input_is_known_by_its_orders_wherever_it_lies(shop, first):
    """A folder for each night; a rolling window; an export of everything."""
    orders = list(range(0, 2000, 2))
    night = shop.build(input="/data/2017-11-29", input_orders=orders)
    for path, held in {
        "/data/2017-11-30": [x for x in orders if x > 300] + [2001, 2003],
        "/data/all": list(range(1000)),
        "/data/part": orders[:3],
    }.items():
        shop.fits.clear()
        again = shop.build(night, input=path, input_orders=held)
        assert shop.fits == [], path
        assert current(again) == current(night)
        assert set(versions(again)["input"]) == {"/data/2017-11-29"}
        assert f"The input {path} has " in shop.said[-3]
        assert "in common with /data/2017-11-29, and goes on" in shop.said[-3]


def test_the_orders_of_the_last_build_are_those_an_input_is_known_by(shop):
    history = None
    for night in range(40):
        held = list(range(100 * night, 100 * night + 1000))
        history = shop.build(history, input=f"/{night}", input_orders=held)
    assert len(shop.fits) == 1
    assert set(versions(history)["input"]) == {"/0"}


@pytest.mark.parametrize("path", ["/data/other", "/data/shop"])
def test_other_orders_are_another_input_or_the_same_at_its_place(shop, path):
    shop_orders, others = list(range(0, 2000, 2)), list(range(1, 2001, 2))
    first = shop.build(input="/data/shop", input_orders=shop_orders)
    shop.build(first, input=path, input_orders=others)
    assert len(shop.fits) == (2 if path == "/data/other" else 1)


def test_what_an_input_holds_says_more_than_where_it_lies(shop):
    ours, others = list(range(0, 2000, 2)), list(range(1, 2001, 2))
    first = shop.build(input="/data/ours", input_orders=ours)
    shop.centre = 7.0
    second = shop.build(first, input="/data/others", input_orders=others)
    assert len(shop.fits) == 2
    swapped = shop.build(second, input="/data/others", input_orders=ours)
    assert len(shop.fits) == 2
    assert current(swapped) == current(first) != current(second)


def test_a_name_in_the_mapping_is_trusted(shop):
    orders = list(range(1000))
    named = {"is_input_named": True, "input_orders": orders}
    first = shop.build(input="north", **named)
    shop.build(first, input="south", **named)
    assert len(shop.fits) == 2
    assert "no version for this input." in shop.said[-1]
    other = {**named, "input_orders": list(range(5000, 6000))}
    shop.build(first, input="north", **other)
    assert len(shop.fits) == 2


@given(
    st.sets(st.integers(0, 300), min_size=1), st.sets(st.integers(0, 300), min_size=1)
)
def test_orders_in_common_are_a_share_of_the_smaller_input(one, other):
    share = model_versions._shared_orders(sorted(one), sorted(other))
    assert share == model_versions._shared_orders(sorted(other), sorted(one))
    assert 0 <= share <= 1
    assert model_versions._shared_orders(sorted(one), sorted(one)) == 1
    if not one & other:
        assert share == 0


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
    shop.fit = lambda names, back: TRIAL_SCHEMA.empty_table()
    assert shop.build().num_rows == 0
    assert shop.said[-1] == "value: it cannot be fitted."
    assert same(shop.build(first, refit=True), first)  # the old ones go on


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
    for lacking in (first.select(TRIAL_SCHEMA.names), first.drop("segment_numbers")):
        assert same(shop.build(lacking), first)


def test_the_name_is_of_the_model_and_of_what_made_it(shop, first, monkeypatch):
    named = current(first)
    assert current(Shop().build()) == named
    assert current(Shop(centre=0.2).build()) != named
    assert current(shop.build(last_day=date(2017, 11, 29))) != named
    assert current(shop.build(common={"seed": 2})) != named
    monkeypatch.setattr(model_versions, "LIBRARIES", ("numpy",))
    assert current(shop.build()) != named


# -- In time --------------------------------------------------------------------------

ENDS = [end.date() for end in pd.date_range("2017-11-30", periods=26, freq="ME")]


def in_force(table: pa.Table, name: str) -> list[tuple[str, str]]:
    """First and last month of each version in force, in their order."""
    frame = versions(table)
    frame = frame[(frame["segmentation"] == name) & frame["in_force_from"].notna()]
    frame = frame.sort_values("in_force_from")
    spans = zip(frame["in_force_from"], frame["in_force_to"], strict=True)
    return [(f"{start:%Y-%m}", f"{end:%Y-%m}") for start, end in spans]


def test_the_first_fit_waits_for_enough_months_and_scores_those_before():
    shop = Shop()
    late = shop.build(last_day=ENDS[3])
    assert [name[-16:-9] for name in current(late).values()] == ["2017-11", "2017-11"]
    assert in_force(late, "value") == [("2017-01", "2018-02")]
    assert shop.checks[0::2] == [("rhythm", end) for end in ENDS[:4]]
    early = Shop().build(last_day=date(2017, 4, 30))
    assert in_force(early, "value") == [("2017-01", "2017-04")]


def test_refits_that_disagree_once_or_too_early_change_nothing():
    shop = Shop()
    shop.agreed = {ENDS[3]: 0.1, ENDS[4]: 0.1, ENDS[13]: 0.79, ENDS[15]: 0.79}
    table = shop.build(last_day=ENDS[16])
    assert in_force(table, "rhythm") == [("2017-01", "2019-03")]


def test_refits_that_disagree_two_months_running_draw_a_new_map():
    shop = Shop()
    shop.agreed = {ENDS[13]: 0.79, ENDS[14]: 0.6}
    table = shop.build(last_day=ENDS[16])
    assert in_force(table, "rhythm") == [("2017-01", "2018-12"), ("2019-01", "2019-03")]
    newest = versions(table).loc[current(table)["rhythm"]]
    assert "at 0.79 and 0.60 only, two months running" in newest["refit_reason"]
    assert newest["fitted_to"] == ENDS[14]
    assert list(newest["checked_months"]) == [end.replace(day=1) for end in ENDS[15:17]]


def test_a_year_after_all_trials_are_asked_again_once():
    shop = Shop()
    table = shop.build(last_day=ENDS[12])
    assert shop.fits == [["rhythm", "value"]] * 2
    assert len(versions(table)) == 2
    shop.build(table, last_day=ENDS[13])
    assert len(shop.fits) == 2
    shop.chosen = {"value": 3}
    changed = shop.build(table, last_day=ENDS[12], corrected=ENDS[12])
    assert len(shop.fits) == 3
    assert in_force(changed, "value") == [
        ("2017-01", "2018-10"),
        ("2018-11", "2018-11"),
    ]
    assert (
        "no longer choose"
        in versions(changed).loc[current(changed)["value"]]["refit_reason"]
    )
    assert current(changed)["rhythm"] == current(table)["rhythm"]


def test_a_review_is_repeated_when_its_version_was_forgotten():
    shop = Shop()
    before = shop.build(last_day=ENDS[11])
    shop.chosen = {"value": 3}
    after = shop.build(before, last_day=ENDS[12])
    failed = after.filter(pc.invert(after["is_new"]))  # what a failed build leaves
    assert current(shop.build(failed, last_day=ENDS[12])) == current(after)


def test_a_corrected_month_is_compared_again_and_no_other(shop, first):
    table = shop.build(first, last_day=ENDS[5])
    shop.checks.clear()
    again = shop.build(table, last_day=ENDS[5])
    assert str(again.to_pylist()) == str(table.to_pylist())
    assert shop.checks == []
    shop.agreed = {ENDS[4]: 0.2}
    again = shop.build(table, last_day=ENDS[5], corrected=ENDS[4])
    assert {end for _, end in shop.checks} == set(ENDS[4:6])
    row = versions(again).loc[current(again)["value"]]
    assert [round(ari, 1) for ari in row["checked_ari"]] == [0.9] * 4 + [0.2, 0.9]
    assert len(row["checked_jaccard"]) == 2 * 6


def test_segments_keep_their_numbers_and_new_ones_get_new_ones(shop, first):
    def numbers(table: pa.Table) -> list[int]:
        return list(versions(table).loc[current(table)["value"]]["segment_numbers"])

    assert numbers(first) == [1, 2]
    shop.centre, shop.cells_of = 0.2, lambda *_: np.array([[1, 90], [80, 2]])
    crossed = shop.build(first, refit=True)
    assert numbers(crossed) == [2, 1]
    shop.chosen, shop.centre = {"value": 3}, 0.3
    shop.cells_of = lambda before, after: np.array([[50, 40, 2], [2, 8, 90]])[:, :after]
    split = shop.build(crossed, refit=True)
    assert numbers(split) == [2, 3, 1]
    row = versions(split).loc[current(split)["value"]]
    assert row["parent_version"] == current(crossed)["value"]
    assert list(row["overlap_customers"]) == [50, 40, 2, 2, 8, 90]
    shop.chosen, shop.centre = {}, 0.4
    shop.cells_of = lambda before, after: np.zeros((before, after), dtype=int)
    assert numbers(shop.build(split, refit=True)) == [4, 5]


def test_between_overlaps_nearly_alike_the_likest_segment_goes_on(shop, first):
    """Overlaps of 0.45 and 0.43 for the first segment of before."""
    shop.centre, shop.chosen = 0.2, {"value": 3}
    shop.cells_of = lambda *_: np.array([[45, 43, 3], [1, 1, 90]])
    shop.distances_of = lambda *_: np.array([[2.0, 0.1, 3.0], [3.0, 3.0, 0.1]])
    redrawn = shop.build(first, refit=True)
    row = versions(redrawn).loc[current(redrawn)["value"]]
    assert list(row["segment_numbers"]) == [3, 1, 2]


def test_new_settings_go_on_with_the_segments_of_the_old_ones(shop, first):
    shop.centre, shop.cells_of = 0.2, lambda *_: np.array([[1, 90], [80, 2]])
    other = shop.build(first, common={"seed": 2})
    row = versions(other).loc[current(other)["value"]]
    assert list(row["segment_numbers"]) == [2, 1]
    assert in_force(other, "value") == [("2017-01", "2017-11")]


def test_a_map_of_other_features_has_segments_of_its_own(shop, first):
    shop.features = ["recency"]
    other = shop.build(first, common={"seed": 2})
    row = versions(other).loc[current(other)["value"]]
    assert list(row["segment_numbers"]) == [3, 4]
    assert pd.isna(row["parent_version"])


@given(
    st.lists(st.sampled_from([0.5, 0.9]), min_size=26, max_size=26),
    st.lists(st.sampled_from([2, 3]), min_size=26, max_size=26),
)
@settings(max_examples=25, deadline=None)
def test_month_by_month_or_at_once_is_the_same(agreed, chosen):
    def shop() -> Shop:
        made = Shop()
        made.agreed = dict(zip(ENDS, agreed, strict=True))
        fit = made.fit

        def fit_at(names, back) -> pa.Table:
            place = ENDS.index(made.months[back])
            made.chosen = {"value": chosen[place]}
            made.centre = place
            return fit(names, back)

        made.fit = fit_at
        return made

    table, replayed = None, shop()
    for end in ENDS:
        table = replayed.build(table, last_day=end)
    assert str(table.drop("is_new").to_pylist()) == str(
        shop().build(last_day=ENDS[-1]).drop("is_new").to_pylist()
    )


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


def lay_out_as_lists(database: Path) -> None:
    """Turn a work database's versions into lists, as earlier builds left them."""
    table = "intermediate.int_segmentation_trials"
    with duckdb.connect(str(database)) as work:
        rows = work.execute(f"select * from {table}").to_arrow_table()
        work.register("lists", versions_of_rows(rows))
        work.execute(f"create or replace table {table} as select * from lists")


@pytest.mark.long
@pytest.mark.night
def test_a_frozen_version_scores_the_next_month(
    tmp_path: Path, project: Path, orders: pd.DataFrame
) -> None:
    source, settings = tmp_path / "shop", {"segmentations": small_segmentations()}

    def build(
        *arguments: str, returncode: int = 0, code: Path = project, **variables
    ) -> Build:
        built = run_build(
            tmp_path / "build",
            *(arguments or ALL_BUT_TESTS),
            source=source,
            project=code,
            target=tmp_path / "target",
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
    assert (models["input"] == source.name).all()
    assert "rhythm: fitted, for it has no version yet." in november.said

    write_shop(source, orders, "2017-12-31")
    december = build()
    assert "fitted" not in december.said
    later_models, later_members, later_centres = as_rows = read(december)
    pd.testing.assert_frame_equal(
        later_models.drop(columns="in_force_to"), models.drop(columns="in_force_to")
    )
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

    lay_out_as_lists(december.folder / "work.duckdb")
    taken_over = build()
    assert "fitted" not in taken_over.said
    for table, other in zip(read(taken_over), as_rows, strict=True):
        pd.testing.assert_frame_equal(table, other, check_exact=True)

    build(*ALL_BUT_TESTS, "--empty")
    broken = shutil.copytree(
        project, tmp_path / "broken", ignore=shutil.ignore_patterns("build", "target")
    )
    model = broken / "models" / "marts" / "segmentation" / "dim_segments.sql"
    model.write_text("select no_column from {{ ref('int_segments_evidenced') }}")
    failed = build(returncode=1, code=broken, refit=True)
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
    # Segments that are no longer in use keep the version that had them.
    assert set(last.work(used)["model_version"]) >= set(refitted[~old]["model_version"])
