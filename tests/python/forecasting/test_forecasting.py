"""Histories, calendars, and what every model says of a history."""

from multiprocessing import active_children

import numpy as np
import pandas as pd
import pytest
from made_revenue import (
    ORIGIN,
    history_rows,
    judge_forecasts,
    month_rows,
    project_revenue,
    rolled,
    rolling_histories,
    seasonal_amounts,
)
from prophet import Prophet

from trajectories.forecasting import projected_models
from trajectories.forecasting import projections as projections_module
from trajectories.forecasting.calendars import read_calendar, read_days
from trajectories.forecasting.histories import RevenueHistory, read_revenue_histories
from trajectories.forecasting.lean_prophet import LeanProphet
from trajectories.forecasting.methods import METHODS, forecast_simply, seeded
from trajectories.forecasting.prophet_fit import forecast_months

AMOUNTS = [
    "forecast_amount",
    "own_lower_80_amount",
    "own_upper_80_amount",
    "own_lower_95_amount",
    "own_upper_95_amount",
]


def history_of(amounts):
    values = np.asarray(amounts, float)
    return RevenueHistory(
        "stock", "value", "a", 2017 * 12 + 11, values, np.full(6, np.nan)
    )


def day_rows(amounts, segment_id="a", origin=ORIGIN, first="2016-07-01"):
    """Daily revenue of one history, without the days of which it is zero."""
    dates = pd.date_range(first, periods=len(amounts))
    rows = pd.DataFrame(
        {
            "definition": "stock",
            "segmentation": "value",
            "segment_id": segment_id,
            "origin_month": pd.Timestamp(origin),
            "order_date": dates,
            "revenue_amount": np.asarray(amounts, float),
        }
    )
    return rows[rows["revenue_amount"] != 0]


def summed(days):
    """The histories of daily revenue."""
    month = days["order_date"].dt.to_period("M").dt.to_timestamp()
    rows = days.drop(columns="order_date").assign(month=month)
    return rows.groupby(list(rows.columns.drop("revenue_amount")), as_index=False).sum()


def calendar_rows(*rows):
    return pd.DataFrame(rows, columns=["kind", "name", "first_date", "last_date"])


@pytest.fixture(scope="module")
def eighteen_months():
    """Daily revenue of a weekly rhythm, and its histories."""
    dates = pd.date_range("2016-07-01", "2017-12-31")
    noise = np.random.default_rng(3).normal(0, 10, len(dates))
    days = day_rows(100 + 40 * (dates.day_of_week >= 5) + noise)
    return days, summed(days)


# Histories


def test_plain_series_are_laid_out_as_known_at_each_origin():
    rows = pd.concat(
        [
            month_rows([1, 2, 3, 4], "old", end="2017-04"),
            month_rows([7, 9], "young", end="2017-04").iloc[:1],
        ]
    )
    found = rolling_histories(rows, first_months=2, origins=1, horizon=1)
    seen = [
        (
            row.segment_id,
            f"{row.origin_month:%m}",
            f"{row.month:%m}",
            row.revenue_amount,
        )
        for row in found.itertuples()
    ]
    assert seen == [
        ("old", "03", "01", 1),
        ("old", "03", "02", 2),
        ("old", "03", "03", 3),
        ("old", "03", "04", 4),
        ("old", "04", "01", 1),
        ("old", "04", "02", 2),
        ("old", "04", "03", 3),
        ("old", "04", "04", 4),
        ("young", "03", "03", 7),
        ("young", "03", "04", 0),
        ("young", "04", "03", 7),
        ("young", "04", "04", 0),
    ]
    assert set(found["definition"]) == {"stock"}


def test_a_shop_with_fewer_months_than_asked_has_its_latest_origin():
    found = rolling_histories(month_rows([1, 2, 3]), first_months=6)
    assert set(found["origin_month"]) == {pd.Timestamp(ORIGIN)}
    assert len(found) == 3


def test_a_history_knows_its_months_and_what_came():
    rows = history_rows([0, 0, 5, 0, 7], later=[8, 9])
    known = rows[rows["revenue_amount"] != 0].sample(frac=1, random_state=2)
    for frame in (rows, known):
        (found,) = read_revenue_histories(frame, horizon=3)
        assert found.amounts.tolist() == [5, 0, 7]
        assert found.outcomes[:2].tolist() == [8, 9]
        assert np.isnan(found.outcomes[2])
        assert found.key == ("stock", "value", "a", 2017 * 12 + 11)
        assert found.first_month == 2017 * 12 + 9


def test_a_history_without_known_months_is_none():
    rows = history_rows([5], later=[6])
    assert read_revenue_histories(rows[rows["month"] > ORIGIN], horizon=6) == []


@pytest.mark.parametrize("as_dates", [True, False])
def test_months_may_be_dates_or_timestamps_on_any_day(as_dates):
    rows = history_rows([10, 20, 30])
    rows["month"] = rows["month"] + pd.Timedelta(days=14)
    if as_dates:
        rows["month"] = rows["month"].dt.date
        rows["origin_month"] = rows["origin_month"].dt.date
    found = project_revenue(rows, models=["naive"])
    assert found["month"].iloc[0] == pd.Timestamp("2018-01-01")
    assert set(found["origin_month"]) == {pd.Timestamp(ORIGIN)}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.drop(columns="month"), "no column month; found definition"),
        (lambda rows: pd.concat([rows, rows.head(1)]), r"1 repeated months.*2017-10"),
        (lambda rows: rows.assign(month=pd.NaT), "3 rows whose month is not a date"),
        (lambda rows: rows.assign(revenue_amount=np.nan), "3 rows whose"),
        (lambda rows: rows.assign(revenue_amount=np.inf), "Use 0 for months without"),
    ],
)
def test_a_history_that_cannot_be_used_is_named(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        project_revenue(change(history_rows([1.0, 2.0, 3.0])))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"horizon": 0}, "at least 1 month; found 0"),
        ({"models": ["arima"]}, "Unknown forecast models arima; use naive,"),
    ],
)
def test_settings_that_cannot_be_used_are_named(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        project_revenue(history_rows([1.0, 2.0, 3.0]), **options)


# Simple methods


def test_the_plain_methods_by_hand():
    amounts = np.r_[np.arange(1.0, 13) * 100, np.arange(1.0, 13) * 110]
    found = forecast_simply(amounts, 14)
    assert found["naive"].amounts.tolist() == [1320] * 14
    assert found["seasonal_naive"].amounts.tolist() == [*amounts[12:], 110, 220]
    np.testing.assert_allclose(found["yearly_mean"].amounts, 715)
    assert set(found) == set(METHODS)


def test_smoothing_stays_within_the_history_and_trends_go_on():
    found = forecast_simply(np.arange(1.0, 19) * 100, 6)
    assert (np.diff(found["exponential_smoothing"].amounts) == 0).all()
    assert found["exponential_smoothing"].amounts[0] <= 1800
    for name in ("theta", "ets"):
        assert found[name].amounts[5] > 1850


@pytest.mark.parametrize(
    ("name", "months", "is_seasonal"),
    [("ets", 23, False), ("ets", 24, True), ("theta", 23, False), ("theta", 48, True)],
)
def test_a_year_is_looked_for_on_two_full_years_only(name, months, is_seasonal):
    # Theta tests for a season first, and finds this one on four years.
    amounts = seasonal_amounts(months + 6)
    said = forecast_simply(amounts[:months], 6)[name].amounts
    error = np.abs(said - amounts[months:]).mean()
    assert (error < 500) == is_seasonal


def test_a_month_of_net_returns_is_forecast_as_zero():
    found = forecast_simply(np.array([100.0, 50.0, -80.0]), 3)
    assert found["naive"].amounts.tolist() == [0, 0, 0]
    assert (found["naive"].own_band_80 >= 0).all()


def test_what_a_model_cannot_do_has_no_rows():
    known = {
        months: set(project_revenue(history_rows(seasonal_amounts(months)))["model"])
        for months in (1, 3, 4, 6, 7, 12)
    }
    always = {"naive", "yearly_mean", "exponential_smoothing"}
    assert known == {
        1: always,
        3: always,
        4: {*always, "theta"},
        6: {*always, "theta", "prophet"},
        7: {*always, "theta", "prophet", "ets"},
        12: {*always, "theta", "prophet", "ets", "seasonal_naive"},
    }


# Prophet


def spied(monkeypatch, name):
    """Keep what a method of Prophet returns."""
    import prophet

    calls = []
    original = getattr(prophet.Prophet, name)

    def spy(self, *arguments, **options):
        calls.append(original(self, *arguments, **options))
        return calls[-1]

    monkeypatch.setattr(prophet.Prophet, name, spy)
    return calls


def both_prophets(frame, ahead, **options):
    """What Prophet says as it comes, and what the lean one says."""
    for kind in (Prophet, LeanProphet):
        model = kind(uncertainty_samples=50, daily_seasonality=False, **options)
        for name in set(frame) - {"ds", "y"}:
            model.add_regressor(name)
        model.fit(frame, seed=1)
        with seeded(2):
            if kind is Prophet:
                samples = model.predictive_samples(ahead)["yhat"]
                yield model.predict(ahead)["yhat"].to_numpy(), samples
            else:
                yield model.forecast(ahead)


@pytest.mark.parametrize("yearly", [False, 3])
def test_the_lean_prophet_says_on_months_what_prophet_says(yearly):
    months = pd.date_range("2016-01-01", periods=30, freq="MS")
    frame = pd.DataFrame({"ds": months, "y": seasonal_amounts(30)})
    plain, lean = both_prophets(
        frame[:24], frame[["ds"]][24:], yearly_seasonality=yearly
    )
    for one, other in zip(plain, lean, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_lean_prophet_says_on_days_what_prophet_says(eighteen_months):
    days, _ = eighteen_months
    frame = pd.DataFrame({"ds": days["order_date"], "y": days["revenue_amount"]})
    frame = frame.assign(
        is_first=(frame["ds"].dt.day == 1) * 1.0,
        is_ninth=(frame["ds"].dt.day == 9) * 1.0,
    )
    ahead = frame[500:].drop(columns="y")
    plain, lean = both_prophets(frame[:500], ahead, weekly_seasonality=True)
    for one, other in zip(plain, lean, strict=True):
        np.testing.assert_array_equal(one, other)


def test_prophet_is_asked_of_segments_with_revenue_in_the_last_year_only():
    amounts = seasonal_amounts(24)
    for silent, is_asked in ((11, True), (12, False)):
        amounts[24 - silent :] = 0
        found = project_revenue(history_rows(amounts), models=["naive", "prophet"])
        assert ("prophet" in set(found["model"])) == is_asked


@pytest.mark.parametrize(("months", "is_seasonal"), [(23, False), (24, True)])
def test_prophet_has_a_yearly_pattern_on_two_full_years_only(
    monkeypatch, months, is_seasonal
):
    fitted = spied(monkeypatch, "fit")
    forecast_months(history_of(seasonal_amounts(months)), 6, seed=1)
    assert set(fitted[0].seasonalities) == ({"yearly"} if is_seasonal else set())


def test_prophet_follows_a_season_better_than_naive_on_two_years():
    amounts = seasonal_amounts(30)
    found = project_revenue(history_rows(amounts[:24]), models=["naive", "prophet"])
    errors = found.groupby("model")["forecast_amount"].agg(
        lambda said: np.abs(said.to_numpy() - amounts[24:]).mean()
    )
    assert errors["prophet"] < errors["naive"] / 3


def test_prophets_own_bands_are_nested_quantiles_around_its_forecast():
    found = project_revenue(history_rows(seasonal_amounts(18)), models=["prophet"])
    order = [AMOUNTS[place] for place in (3, 1, 0, 2, 4)]
    assert (np.diff(found[order].to_numpy(), axis=1) > 0).all()


def test_another_seed_moves_prophets_bands_only():
    rows = history_rows(seasonal_amounts(18))
    one, two = (project_revenue(rows, seed=seed) for seed in (1, 2))
    differs = one["own_upper_80_amount"] != two["own_upper_80_amount"]
    differs &= one["own_upper_80_amount"].notna()
    assert differs[one["model"] == "prophet"].all()
    assert not differs[one["model"] != "prophet"].any()


def test_numpys_global_generator_is_left_as_it_was():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    forecast_months(history_of(seasonal_amounts(12)), 6, seed=1)
    assert np.random.random() == expected


def test_simple_methods_leave_numpys_generator_as_it_was():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    forecast_simply(seasonal_amounts(24), 6)
    assert np.random.random() == expected


def test_a_failed_fit_leaves_the_other_models_and_says_so(monkeypatch, caplog):
    import prophet

    def fail(self, *arguments, **options):
        raise RuntimeError("line search failed")

    monkeypatch.setattr(prophet.Prophet, "fit", fail)
    found = project_revenue(history_rows(seasonal_amounts(14)))
    assert set(found["model"]) == set(METHODS)
    assert "14 points of segment 'a' (value): line search failed" in caplog.text
    assert "no such Prophet forecast from 2017-12" in caplog.text


# Days, holidays and promotions


def test_daily_revenue_is_summed_to_months(eighteen_months):
    days, rows = eighteen_months
    found = project_revenue(rows, days=days, models=["prophet_daily"])
    assert len(found) == 6
    per_day = days["revenue_amount"].mean()
    lengths = found["month"].dt.days_in_month
    np.testing.assert_allclose(found["forecast_amount"], per_day * lengths, rtol=0.04)
    assert (found["own_lower_80_amount"] < found["forecast_amount"]).all()
    assert (found["own_upper_80_amount"] > found["forecast_amount"]).all()


def test_without_days_there_is_no_daily_forecast(eighteen_months):
    days, rows = eighteen_months
    other = days.assign(segment_id="other")
    for given in (None, days.iloc[:0], other):
        found = project_revenue(rows, days=given)
        assert set(found["model"]) == set(projected_models()) - {"prophet_daily"}


def test_a_day_without_orders_may_be_left_out_or_zero(eighteen_months):
    days, _ = eighteen_months
    amounts = days["revenue_amount"].where(days.index % 3 == 0, 0.0)
    zeros = days.assign(revenue_amount=amounts)
    rows = summed(zeros)
    one, two = (
        project_revenue(rows, days=given, models=["prophet_daily"])
        for given in (zeros, zeros[zeros["revenue_amount"] != 0])
    )
    pd.testing.assert_frame_equal(one[AMOUNTS], two[AMOUNTS])
    lengths = one["month"].dt.days_in_month
    said = one["forecast_amount"] / lengths
    np.testing.assert_allclose(said, amounts.sum() / len(days), rtol=0.12)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Australia", "AU"),
        ("australia ", "AU"),
        ("AU", "AU"),
        ("aus", "AU"),
        ("New Zealand", "NZ"),
        ("United Kingdom", "GB"),
        ("United States", "US"),
    ],
)
def test_a_country_is_known_by_name_and_by_code(name, code):
    assert read_calendar(calendar_rows(("country", name, None, None))).country == code


def test_holidays_and_promotions_are_flagged_by_day():
    calendar = read_calendar(
        calendar_rows(
            ("promotion", "summer", "2018-01-02", "2018-01-03"),
            ("country", "AU", None, None),
            ("promotion", "earlier", "2017-12-20", "2017-12-27"),
        )
    )
    days = pd.date_range("2017-12-24", "2018-01-04")
    found = calendar.flags(days)
    holidays = found.index[found["is_holiday"] == 1].strftime("%m-%d")
    promotions = found.index[found["is_promotion"] == 1].strftime("%m-%d")
    assert list(holidays) == ["12-25", "12-26", "01-01"]
    assert list(promotions) == ["12-24", "12-25", "12-26", "12-27", "01-02", "01-03"]
    assert calendar.flags(days[:0]).empty


def test_an_unknown_country_is_logged_and_harmless(eighteen_months, caplog):
    days, rows = eighteen_months
    unknown = calendar_rows(("country", "Atlantis", None, None))
    found = project_revenue(rows, days=days, calendar=unknown, models=["prophet_daily"])
    without = project_revenue(rows, days=days, models=["prophet_daily"])
    assert "No public holidays are known for the country 'Atlantis'" in caplog.text
    pd.testing.assert_frame_equal(found, without)


def test_nothing_is_known_ahead_without_a_calendar():
    for frame in (None, calendar_rows()):
        calendar = read_calendar(frame)
        assert calendar.country is None
        assert calendar.promotions == ()


@pytest.mark.parametrize(
    ("first", "last"),
    [("2018-02-09", "2018-02-03"), (None, "2018-02-03"), ("2018-02-03", None)],
)
def test_a_promotion_without_a_beginning_before_its_end_is_named(first, last):
    rows = calendar_rows(("promotion", "spring sale", first, last))
    with pytest.raises(ValueError, match=r"'spring sale' has no first_date.*csv"):
        read_calendar(rows)


def test_a_known_promotion_moves_its_month_as_past_ones_did(eighteen_months):
    days, _ = eighteen_months
    runs = [(f"2017-{month:02}-03", f"2017-{month:02}-09") for month in (2, 5, 8, 11)]
    raised = days.copy()
    for first, last in runs:
        raised.loc[raised["order_date"].between(first, last), "revenue_amount"] += 300
    rows = summed(raised)
    past = [("promotion", f"p{number}", *run) for number, run in enumerate(runs)]
    ahead = ("promotion", "planned", "2018-02-05", "2018-02-11")
    without, planned = (
        project_revenue(
            rows, days=raised, calendar=calendar_rows(*known), models=["prophet_daily"]
        )["forecast_amount"].to_numpy()
        for known in (past, [*past, ahead])
    )
    gained = planned - without
    assert gained[1] == pytest.approx(7 * 300, rel=0.15)
    np.testing.assert_allclose(np.delete(gained, 1), 0, atol=100)


def test_a_month_of_holidays_is_expected_to_sell_less_where_the_shop_is_shut():
    # January has three holidays in New Zealand, February one: nothing was sold on them.
    known = calendar_rows(("country", "New Zealand", None, None))
    dates = pd.date_range("2016-07-01", "2017-12-31")
    noise = np.random.default_rng(3).normal(0, 2, len(dates))
    is_shut = read_calendar(known).flags(dates)["is_holiday"].to_numpy() == 1
    days = day_rows(np.where(is_shut, 0.0, 100 + noise))
    january, february = (
        project_revenue(
            summed(days), days=days, calendar=known, models=["prophet_daily"]
        )
        .set_index("month")["forecast_amount"]
        .loc[["2018-01-01", "2018-02-01"]]
    )
    ahead = read_calendar(known).flags(pd.date_range("2018-01-01", "2018-02-28"))
    shut = ahead["is_holiday"].groupby(ahead.index.month).sum()
    assert shut[1] > shut[2]
    assert january == pytest.approx(100 * (31 - shut[1]), rel=0.02)
    assert february == pytest.approx(100 * (28 - shut[2]), rel=0.02)


def test_a_promotion_never_seen_before_is_not_guessed(eighteen_months):
    days, rows = eighteen_months
    ahead = calendar_rows(("promotion", "first ever", "2018-02-05", "2018-02-11"))
    one, two = (
        project_revenue(rows, days=days, calendar=known, models=["prophet_daily"])
        for known in (None, ahead)
    )
    pd.testing.assert_frame_equal(one[AMOUNTS], two[AMOUNTS])


# The frame


def test_every_model_forecasts_six_months_from_every_origin():
    rows = rolled({"a": seasonal_amounts(24)}, origins=1)
    found = project_revenue(rows)
    assert list(found.columns) == list(projections_module.DTYPES)
    assert set(found["model"]) == {*METHODS, "prophet"}
    assert (found.groupby(["model", "origin_month"]).size() == 6).all()
    months = [found[name].dt.to_period("M") for name in ("month", "origin_month")]
    ahead = months[0].astype("int64") - months[1].astype("int64")
    assert (ahead == found["horizon"]).all()
    keys = found[projections_module.ROW_KEYS]
    assert keys.equals(keys.sort_values(list(keys.columns), ignore_index=True))


def test_empty_input_gives_a_typed_empty_frame():
    found = project_revenue(history_rows([1.0]).iloc[:0])
    full = project_revenue(history_rows([1.0, 2.0, 3.0]))
    assert found.empty
    assert found.dtypes.to_dict() == full.dtypes.to_dict()


def test_rows_are_the_same_twice_shuffled_and_in_any_number_of_processes(monkeypatch):
    monkeypatch.setattr(projections_module, "FEWEST_PARALLEL", 1)
    rows = pd.concat([history_rows(seasonal_amounts(14, i), f"s{i}") for i in range(3)])
    one = project_revenue(rows, processes=1)
    again = project_revenue(rows, processes=1)
    parallel = project_revenue(rows.sample(frac=1, random_state=1), processes=2)
    pd.testing.assert_frame_equal(one, again, check_exact=True)
    pd.testing.assert_frame_equal(one, parallel, check_exact=True)


def test_noise_in_the_last_digits_of_sums_changes_nothing():
    rows = history_rows([*seasonal_amounts(14), 0.0, 5000.0])
    amounts = rows["revenue_amount"]
    noisy = rows.assign(revenue_amount=amounts * (1 + 4e-16) - 1e-12)
    assert (noisy["revenue_amount"] != amounts).all()
    one, two = (project_revenue(frame) for frame in (rows, noisy))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_what_comes_after_an_origin_changes_nothing_said_from_it():
    rows = rolled({"a": seasonal_amounts(15), "b": seasonal_amounts(15, 1)}, origins=2)
    changed = rows.copy()
    changed.loc[changed["month"] > "2017-11-30", "revenue_amount"] *= 50
    before, after = (
        found[found["origin_month"] <= "2017-11-01"].reset_index(drop=True)
        for found in (project_revenue(rows), project_revenue(changed))
    )
    assert len(before) == 2 * 2 * 6 * 6
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_a_failure_while_processes_work_ends_the_run(monkeypatch):
    def fail(*arguments):
        raise RuntimeError("a simple method failed")

    monkeypatch.setattr(projections_module, "FEWEST_PARALLEL", 1)
    monkeypatch.setattr(projections_module, "forecast_simply", fail)
    rows = rolled({f"s{n}": seasonal_amounts(30, n) for n in range(4)})
    before = set(active_children())
    with pytest.raises(RuntimeError, match="a simple method failed"):
        project_revenue(rows, processes=2)
    assert set(active_children()) <= before


# What was said before


class Counted:
    """Runs tasks here, and keeps the histories that were fitted, each once."""

    def __init__(self):
        self.keys = []

    def __call__(self, work, tasks):
        new = {task.history.key for task in tasks} - set(self.keys)
        self.keys += sorted(new)
        return [work(task) for task in tasks]


@pytest.fixture(scope="module")
def said_before():
    """Two segments with days and a promotion, and what was said of them."""
    amounts = 100 + np.random.default_rng(4).normal(0, 5, 184)
    days = pd.concat(
        [day_rows(amounts * size, f"s{size}", first="2017-07-01") for size in (1, 2)]
    )
    given = {
        "histories": summed(days),
        "days": days,
        "calendar": calendar_rows(("promotion", "p", "2017-09-01", "2017-09-07")),
    }
    return given, project_revenue(**given)


def test_nothing_is_fitted_when_nothing_changed(said_before, monkeypatch):
    given, found = said_before

    def fail(*arguments, **options):
        raise AssertionError("a history was fitted again")

    monkeypatch.setattr(projections_module, "_project", fail)
    as_stored = found.assign(
        origin_month=found["origin_month"].dt.date, month=found["month"].dt.date
    )
    for earlier in (found, found.sample(frac=1, random_state=1), as_stored):
        again = project_revenue(**given, earlier=earlier)
        pd.testing.assert_frame_equal(found, again, check_exact=True)


def plus_one(frame, column, row):
    changed = frame.reset_index(drop=True)
    changed.loc[row, column] += 1.0
    return changed


@pytest.mark.parametrize(
    ("change", "fitted"),
    [
        (
            lambda given: {
                "histories": plus_one(given["histories"], "revenue_amount", 0)
            },
            ["s1"],
        ),
        (
            lambda given: {"days": plus_one(given["days"], "revenue_amount", 200)},
            ["s2"],
        ),
        (lambda given: {"days": given["days"].iloc[1:]}, ["s1"]),
        (
            lambda given: {
                "calendar": given["calendar"].assign(last_date="2017-09-08")
            },
            ["s1", "s2"],
        ),
        (lambda given: {"calendar": None}, ["s1", "s2"]),
        (lambda given: {"horizon": 5}, ["s1", "s2"]),
        (lambda given: {"seed": 1}, ["s1", "s2"]),
        (lambda given: {"models": ["naive"]}, ["s1", "s2"]),
    ],
    ids=["amount", "day", "day gone", "promotion", "none", "horizon", "seed", "models"],
)
def test_what_changed_is_fitted_anew_and_the_rest_kept(said_before, change, fitted):
    given, found = said_before
    now, run = {**given, **change(given)}, Counted()
    again = project_revenue(**now, earlier=found, run=run)
    assert [key[2] for key in run.keys] == fitted
    fresh = project_revenue(**now)
    pd.testing.assert_frame_equal(again, fresh, check_exact=True)


def test_a_new_month_fits_its_own_origin_only():
    amounts = seasonal_amounts(9)
    before = rolled({"a": amounts[:8]}, first_months=7)
    before["month"] -= pd.offsets.MonthBegin(1)
    before["origin_month"] -= pd.offsets.MonthBegin(1)
    found = project_revenue(before)
    run = Counted()
    project_revenue(rolled({"a": amounts}, first_months=7), earlier=found, run=run)
    assert [key[3] for key in run.keys] == [2017 * 12 + 11]


# Prophet's origins

# Six to twelve months of history, then ends of quarters; from when it is published.
RECORD = [
    *pd.date_range("2016-04", "2016-10", freq="MS"),
    *pd.to_datetime(["2016-12", "2017-03"]),
]
PUBLISHED_FROM = "2016-12"


@pytest.fixture(scope="module")
def growing():
    """Growth that Prophet tells from noise best, and what is said of it."""
    rows = rolled(
        {
            f"s{seed}": 1000
            + 100 * np.arange(26)
            + np.random.default_rng(seed).normal(0, 100, 26)
            for seed in range(4)
        }
    )
    return rows, project_revenue(rows)


def test_the_gate_chooses_prophet_on_a_shop_that_it_forecasts_best(growing):
    rows, said = growing
    found = judge_forecasts(said, rows)
    chosen = found[found["is_published"]].groupby("origin_month")["model"].unique()
    months = chosen.index[chosen.map(lambda models: list(models) == ["prophet"])]
    assert list(months) == list(pd.date_range(PUBLISHED_FROM, "2017-12", freq="MS"))


def test_prophet_is_asked_in_the_first_year_at_quarters_ends_and_where_it_is_published(
    growing,
):
    _, said = growing
    origins = said.groupby("model")["origin_month"].unique().map(sorted)
    published = pd.date_range(PUBLISHED_FROM, "2017-12", freq="MS")
    assert origins["prophet"] == sorted({*RECORD, *published})
    assert origins["naive"] == list(pd.date_range("2016-04", "2017-12", freq="MS"))


@pytest.mark.parametrize("latest", ["2017-01", "2017-03"])
def test_prophet_is_always_asked_at_the_latest_origin(latest):
    noise = np.random.default_rng(0).normal(1000, 100, 26)  # no model is better
    rows = rolled({"a": noise})
    early = rows[rows[["origin_month", "month"]].max(axis=1) <= latest]
    said = project_revenue(early, models=["naive", "yearly_mean", "prophet"])
    origins = set(said.loc[said["model"] == "prophet", "origin_month"])
    made = {month for month in RECORD if month < pd.Timestamp(latest)}
    assert origins == {*made, pd.Timestamp(latest)}


@pytest.mark.long
def test_month_by_month_is_as_all_at_once(growing):
    # January's Prophet was shown and makes no record; May's was published, and stays.
    rows, found = growing
    earlier = None
    for latest in ("2017-01", "2017-05", "2017-12"):
        early = rows[rows[["origin_month", "month"]].max(axis=1) <= latest]
        earlier = project_revenue(early, earlier=earlier)
        once = project_revenue(early) if latest < "2017-12" else found
        pd.testing.assert_frame_equal(earlier, once, check_exact=True)


def test_what_is_no_longer_asked_for_is_dropped(said_before):
    given, found = said_before
    rows = given["histories"]
    one = project_revenue(
        **{**given, "histories": rows[rows["segment_id"] == "s1"]}, earlier=found
    )
    assert set(one["segment_id"]) == {"s1"}


def test_a_frame_of_other_columns_is_not_kept(said_before):
    given, found = said_before
    run = Counted()
    project_revenue(**given, earlier=found.drop(columns="horizon"), run=run)
    assert len(run.keys) == 2


def test_days_are_read_by_history_and_in_order_and_added_up():
    halves = [day_rows([1, 0, 4]), day_rows([2]), day_rows([5], "b")]
    rows = pd.concat(halves).iloc[::-1]
    found = read_days(rows)
    assert [key[2] for key in found] == ["a", "b"]
    days = found["stock", "value", "a", 2017 * 12 + 11]
    assert days.amounts.tolist() == [3, 4]
    assert days.dates.astype(str).tolist() == ["2016-07-01", "2016-07-03"]
