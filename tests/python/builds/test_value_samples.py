"""What SQL knows of customers at an origin is what a loop over their orders knows."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from real_builds import Build

from benchmarks.data_sets.shop_days import samples_of
from trajectories.value.samples import HORIZONS, STATE_COLUMNS, outcome_columns

pytestmark = pytest.mark.long

KEYS = ["month", "customer_id"]
# Ranks are among all customers of a month, drawn or not.
SHARED = [name for name in STATE_COLUMNS if not name.endswith("_rank")]
CAME = [name for horizon in HORIZONS for name in outcome_columns(horizon)]


def test_samples_are_what_orders_say(small: Build) -> None:
    with duckdb.connect(str(small.folder / "work.duckdb"), read_only=True) as tables:
        ours = tables.sql("select * from intermediate.int_value_samples").df()
        days = tables.sql(
            "select customer_id, order_date, orders, spend_amount::double as amount"
            " from intermediate.int_customer_days_spent"
        ).df()
        (last,) = tables.sql(
            "select last_month_end_date from intermediate.int_as_of_dates"
        ).fetchone()
    # A day of returns alone is no order day, though its amount counts.
    returned = set(days.loc[days["orders"] == 0, "customer_id"])
    days = days[~days["customer_id"].isin(returned)].drop(columns="orders")
    ours = ours[~ours["customer_id"].isin(returned)]
    assert len(ours) > 500
    ends = sorted(ours["month_end_date"].unique())
    made = samples_of(days, ends, known_to=pd.Timestamp(last)).to_pandas()
    for rows in (ours, made):
        rows["month"] = pd.to_datetime(rows["month"])
    both = ours.merge(made, on=KEYS, suffixes=("", "_made"), validate="one_to_one")
    assert len(both) == len(ours)
    for name in (*SHARED, *CAME):
        here, there = (
            both[column].to_numpy(float) for column in (name, f"{name}_made")
        )
        assert np.allclose(here, there, atol=1e-6, equal_nan=True), name
    assert both[CAME[0]].notna().any()
    assert both[CAME[-1]].isna().any()
