"""What SQL and Python compute twice is the same, to the bit, over a whole shop."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from real_builds import Build

from trajectories.departures.departures import measures
from trajectories.series.orders import BUILDERS, Orders, build, is_active
from trajectories.series.series import Series, features_of, selected, to_matrix, window
from trajectories.trials.settings import Settings
from trajectories.trials.version_rows import versions_of_rows

pytestmark = pytest.mark.long


class Shop:
    """The tables of a work database that both sides are made from."""

    def __init__(self, built: Build):
        """Read the orders, and which series there are."""
        self.ask, self.database = built.work, built.folder / "work.duckdb"
        self.settings = {
            row.segmentation: Settings(**json.loads(row.settings))
            for row in self.ask(
                "select * from intermediate.int_segmentations"
            ).itertuples()
        }
        orders = self.ask(
            "select * from intermediate.int_orders_accepted"
            " where not is_unmatched_return"
        )
        buyers = orders.loc[~orders["is_return"], "customer_id"]
        self.ids = pd.Index(sorted(set(buyers)), dtype=object)
        self.months = self.ask(
            "select * from intermediate.int_membership_months order by months_back"
        )
        self.orders = Orders.from_frame(orders, self.ids)
        self.last_day = _day(self.months["month_end_date"][0])

    def table(self, sql: str) -> pa.Table:
        """Ask the work database for a table with its types."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).to_arrow_table()

    @property
    def series(self) -> dict[str, Series]:
        """The series by the names under which they are kept."""
        return {it.series: it.compared for it in self.settings.values()}

    def matrix(self, name: str, features: int) -> np.ndarray:
        """A series as SQL has it, (customers, steps, features)."""
        rows = self.ask(
            f"select * from intermediate.int_customer_series where series = '{name}'"
            " order by customer_id"
        )
        own = rows[rows["customer_id"].isin(self.ids)]
        assert own["customer_id"].tolist() == self.ids.tolist()
        return to_matrix(own["series_values"].tolist(), features)


def _day(date: object) -> int:
    return int(pd.Timestamp(date).to_datetime64().astype("datetime64[D]").astype(int))


@pytest.fixture(scope="module")
def shop(small: Build) -> Shop:
    return Shop(small)


def assert_series_agree(shop: Shop) -> None:
    """Compare every value of every series: SQL's sessions are given to Python."""
    assert shop.series
    for name, series in shop.series.items():
        assert series.kind in BUILDERS
        expected = shop.matrix(name, len(series.features))
        sessions = np.zeros(len(shop.ids))
        if "sessions" in series.features:
            place = list(series.features).index("sessions")
            sessions = np.nan_to_num(expected[:, -1, place])
        found = build(series, shop.orders, len(shop.ids), shop.last_day, sessions)
        assert found.shape == expected.shape, name
        for place, feature in enumerate(series.features):
            steps = slice(-1, None) if feature == "sessions" else slice(None)
            np.testing.assert_array_equal(
                found[:, steps, place], expected[:, steps, place], f"{name} {feature}"
            )


def assert_stages_agree(shop: Shop) -> None:
    """Compare who is active in every month."""
    for name, series in shop.series.items():
        history = next(
            (it.months_of_history, it.orders_of_history)
            for it in shop.settings.values()
            if it.series == name
        )
        stages = shop.ask(
            "select month, customer_id from intermediate.int_customer_stages"
            f" where series = '{name}' and stage = 'active'"
        )
        actives = stages.groupby("month")["customer_id"].agg(set)
        assert len(actives)
        for month in shop.months.itertuples():
            end = _day(month.month_end_date)
            found = is_active(series, shop.orders, len(shop.ids), end, *history)
            expected = actives.get(month.month, set())
            assert set(shop.ids[found]) == expected, (name, month.month)


def assert_measures_agree(shop: Shop) -> None:
    """Compare the measures of every member of a cluster today."""
    current = set(
        shop.ask(
            "select model_version from intermediate.int_trials_current where is_chosen"
        )["model_version"]
    )
    parts = shop.table("select * from intermediate.int_model_parts")
    models = [
        model
        for model in versions_of_rows(parts).to_pylist()
        if model["model_version"] in current
    ]
    features = features_of(
        pa.Table.from_pandas(shop.ask("select * from intermediate.int_series_features"))
    )
    assert models
    for model in models:
        known = features[model["series"]]
        matrix = shop.matrix(model["series"], len(known))
        windows = window(
            selected(matrix, known, model["features"]), 0, int(model["steps"])
        )
        found = measures(model, windows)
        kind = "days" if model["period"] == "day" else "paths"
        for feature, values in found.items():
            expected = shop.ask(
                "select members.customer_id, measured.value"
                f" from intermediate.int_member_{kind}_measured as measured"
                " inner join intermediate.int_segment_members as members"
                " on measured.member_feature_id"
                f" = members.customer_segment_id || '|{feature}'"
                f" where members.segmentation = '{model['segmentation']}'"
            )
            rows = shop.ids.get_indexer(expected["customer_id"])
            assert len(rows) > 10
            np.testing.assert_array_equal(
                values[rows], expected["value"], f"{model['series']} {feature}"
            )


def test_every_series_is_the_same_in_sql_and_in_python(shop: Shop) -> None:
    assert set(BUILDERS) == {series.kind for series in shop.series.values()}
    assert_series_agree(shop)


def test_every_stage_is_the_same_in_sql_and_in_python(shop: Shop) -> None:
    assert_stages_agree(shop)


def test_measures_of_members_are_the_same_in_sql_and_in_python(shop: Shop) -> None:
    assert_measures_agree(shop)
