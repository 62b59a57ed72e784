"""Hard histories, each beside an ordinary shop: a sensible forecast, said so."""

import numpy as np
import pandas as pd
import pytest
from made_revenue import (
    BOUNDS,
    assert_sensible,
    history_rows,
    judge_forecasts,
    project_revenue,
    rolled,
    seasonal_amounts,
)

from trajectories.forecasting import projected_models
from trajectories.forecasting.methods import METHODS
from trajectories.forecasting.projections import PROPHETS

DEFAULT = "weighted_mean"


@pytest.fixture(scope="module")
def ordinary():
    """Three ordinary segments over two years, from nine origins, and their models.

    They are noise around a level, so that no method is better than the mean of all.
    """
    draw = np.random.default_rng(1).normal
    series = {f"s{n}": draw(1000, 100, 24) for n in range(3)}
    rows = rolled(series, origins=8)
    return rows, project_revenue(rows, models=METHODS, processes=1)


@pytest.fixture
def beside(ordinary):
    """Judge a history beside the ordinary segments; give its latest rows."""

    def judge(amounts, days=None, **options):
        rows, said = ordinary
        own = history_rows(amounts, "edge", **options)
        projected = project_revenue(own, days=days)
        both = judge_forecasts(pd.concat([said, projected]), pd.concat([rows, own]))
        assert_sensible(both)
        found = both[both["segment_id"] == "edge"]
        assert set(found["history_months"]) <= set(range(1, len(amounts) + 1))
        return found

    return judge


def published(found):
    return found[found["is_published"]].sort_values("horizon")


def assert_sized(found, amounts, times=2.0):
    """Say a size that the history carries.

    Four of the six simple methods never leave the range of the history, so that
    their mean is under twice its largest month, whatever the trend of the others;
    no model says ten times as much, nor does a 95 % band reach that far.
    """
    largest = max(max(amounts), 0)
    assert (published(found)["forecast_amount"] <= times * largest).all()
    assert (found["forecast_amount"] <= 10 * largest).all()
    assert (published(found)["upper_95_amount"] <= 10 * largest).all()


def test_three_months_of_history(beside):
    amounts = [500, 700, 600]
    found = beside(amounts)
    assert_sized(found, amounts)
    assert published(found)["forecast_amount"].between(500, 700).all()
    (reason,) = found["reason"].unique()
    assert reason == (
        "Its history of 3 months is short: the band is as wide as errors of segments"
        " like it have been."
    )
    assert found["is_calibrated"].all()
    assert (published(found)["upper_80_amount"] > 610).all()


def test_all_zeros(beside):
    found = beside([0] * 24)
    assert (found[BOUNDS] == 0).all(axis=None)
    (reason,) = found["reason"].unique()
    assert reason == "No revenue so far: zero is expected, without a band."
    assert not set(PROPHETS) & set(found["model"])


def test_one_huge_order(beside):
    amounts = [100] * 17 + [1_000_000] + [100] * 6
    found = beside(amounts)
    assert_sized(found, amounts, times=0.2)
    # A month in twelve was huge: the yearly mean says so, and no more than that.
    assert (published(found)["forecast_amount"] <= 1_000_000 / 5).all()


def test_one_huge_order_where_last_year_is_repeated():
    # The mean of the simple methods has last year in it: the huge month echoes a year
    # later, in part, and in no other month.
    series = {f"s{n}": seasonal_amounts(24, n) for n in range(3)}
    series["edge"] = [100] * 14 + [1_000_000] + [100] * 9
    rows = rolled(series, origins=8)
    found = judge_forecasts(project_revenue(rows, models=METHODS, processes=1), rows)
    assert_sensible(found)
    now = found["origin_month"] == found["origin_month"].max()
    said = published(found[now & (found["segment_id"] == "edge")])["forecast_amount"]
    echo = said.to_numpy()[2]
    assert said.max() == echo < 1_000_000
    assert (said.drop(said.index[2]) < 1_000_000 / 5).all()


def test_a_huge_order_last(beside):
    amounts = [100] * 23 + [1_000_000]
    found = beside(amounts)
    assert_sized(found, amounts, times=1.0)


def test_a_gap(beside):
    amounts = [100, 120, 90, 110] * 3 + [0] * 5 + [100, 110, 120, 90, 100, 110, 100]
    found = beside(amounts)
    assert_sized(found, amounts, times=1.2)
    assert (published(found)["forecast_amount"] > 50).all()
    rows = history_rows(amounts, "edge")
    told = rows[rows["revenue_amount"] > 0]
    one, two = (project_revenue(frame) for frame in (rows, told))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_born_last_month(beside):
    found = beside([0] * 23 + [900])
    assert set(found["history_months"]) == {1}
    assert (published(found)["forecast_amount"] == 900).all()
    # One month shows no change: the band is as wide as others' changes suggest.
    assert (published(found)["upper_80_amount"] > 900).all()
    assert (published(found)["upper_95_amount"] < 2 * 900).all()
    assert found["reason"].str.startswith("Its history of 1 month is short: ").all()


def test_retired_in_the_months_that_have_no_members(beside):
    amounts = [100, 200, 300] * 4 + [0] * 12
    found = beside(amounts)
    assert_sized(found, amounts)
    assert (published(found)["forecast_amount"] <= 30).all()
    naive = found[found["model"].isin(["naive", "seasonal_naive", "yearly_mean"])]
    assert (naive["forecast_amount"] == 0).all()


def test_retired_and_without_members_at_the_origin(ordinary):
    # A cohort of nobody has no rows, so nothing is said; others are as they were.
    rows, said = ordinary
    cohorts = rows.assign(definition="cohort")
    gone = (cohorts["segment_id"] == "s2") & (cohorts["origin_month"] > "2017-09-01")
    kept = cohorts[~gone]
    found = judge_forecasts(said.assign(definition="cohort"), kept)
    assert_sensible(found)
    origins = found[found["segment_id"] == "s2"]["origin_month"]
    assert origins.max() == pd.Timestamp("2017-09-01")
    assert set(found["segment_id"]) == {"s0", "s1", "s2"}


def test_a_total_of_zero():
    rows = rolled({"total": [0] * 14, "other": [0] * 14}, origins=3)
    found = judge_forecasts(project_revenue(rows), rows)
    assert_sensible(found)
    assert (found[BOUNDS] == 0).all(axis=None)
    assert found["reason"].str.startswith("No revenue so far").all()
    assert found["mase_difference"].isna().all()


def test_five_years(beside):
    amounts = seasonal_amounts(60, level=1000)
    found = beside(amounts)
    assert_sized(found, amounts, times=1.2)
    assert set(found["model"]) == {*projected_models(), "plain_mean", DEFAULT} - {
        "prophet_daily"
    }
    assert set(found["reason"]) == {"Forecast from 60 months of history."}
    came = seasonal_amounts(66, level=1000)[60:]
    for model in ("ets", "theta", "prophet"):
        said = found.loc[found["model"] == model, "forecast_amount"]
        assert np.abs(said - came).max() < 150


def test_daily_history_with_missing_days(beside):
    # Orders on one day in eleven, none in two whole months.
    dates = pd.date_range("2016-12-01", "2017-12-31", freq="11D")
    dates = dates[~dates.month.isin([4, 5])]
    days = pd.DataFrame(
        {
            "definition": "stock",
            "segmentation": "value",
            "segment_id": "edge",
            "origin_month": pd.Timestamp("2017-12-01"),
            "order_date": dates,
            "revenue_amount": 300.0,
        }
    )
    month = days["order_date"].dt.to_period("M")
    every = pd.period_range("2016-12", "2017-12", freq="M")
    amounts = days.groupby(month)["revenue_amount"].sum().reindex(every, fill_value=0)
    found = beside(amounts, days=days)
    assert_sized(found, amounts)
    daily = found[found["model"] == "prophet_daily"]
    assert len(daily) == 6
    assert daily["forecast_amount"].between(300, 2000).all()


@pytest.mark.parametrize("factor", [1e4, 1e6])
def test_a_currency_without_decimals(beside, factor):
    units = np.round(seasonal_amounts(24, 1, 0.1, 1000) * factor)
    found = beside(units)
    assert_sized(found, units, times=1.5)
    assert (published(found)["forecast_amount"] > 500 * factor).all()


@pytest.mark.parametrize("factor", [1e-5, 1e-7, 1e-9])
def test_tiny_amounts(beside, factor):
    amounts = np.round(seasonal_amounts(24, 1, 0.1, 1000) * factor, 6)
    found = beside(amounts)
    assert (found["forecast_amount"] <= 2 * 1200 * factor + 1e-6).all()


def test_months_of_net_returns(beside):
    for amounts in ([100, -50, 80, -900] * 6, [-10] * 24, [100] * 20 + [-100] * 4):
        found = beside(amounts)
        assert_sensible(found)
        assert (published(found)["forecast_amount"] <= 100).all()


def test_a_history_that_never_changes(beside):
    found = beside([250] * 24)
    assert_sized(found, [250], times=1.0001)
    # It never changed, yet it may: others do.
    assert (published(found)["upper_80_amount"] > 250).all()


def test_a_steep_rise_is_not_carried_on_for_ever(beside):
    amounts = [2.0**month for month in range(16)]
    assert_sized(beside(amounts), amounts, times=6)


def test_a_single_sale_each_month_of_very_large_amounts(beside):
    amounts = [1e14, 2e14] * 12
    assert_sized(beside(amounts), amounts)
