"""What the benchmark of forecasts makes, reads, cuts and pools."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import forecasts
from benchmarks.data_sets.monthly_series import (
    KINDS,
    made_days,
    made_series,
    product_series,
    read_series,
)
from benchmarks.dbt_builds import BuildError
from benchmarks.forecast_scores import (
    KEYS,
    OTHERS,
    PUBLISHED,
    score,
    with_published,
)
from trajectories.forecasting.methods import METHODS


@pytest.fixture(scope="module")
def made():
    return made_series(per_kind=40, months=60)


def amounts_of(made, kind):
    """Amounts of a kind, shape (series, months)."""
    chosen = made[made["kind"] == kind]
    return chosen["amount"].to_numpy().reshape(chosen["series_id"].nunique(), -1)


# -- Made series -------------------------------------------------------------


def test_made_series_are_the_same_twice_and_do_not_depend_on_how_many(made):
    pd.testing.assert_frame_equal(made, made_series(per_kind=40, months=60))
    fewer = made_series(per_kind=3, months=60)
    same = made[made["series_id"].isin(fewer["series_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer, same)
    assert not made_series(3, 60, seed=2)["amount"].equals(fewer["amount"])


def test_made_series_have_rows_for_every_month(made):
    assert made["series_id"].nunique() == 200
    assert (made.groupby("kind")["series_id"].nunique() == 40).all()
    assert (made.groupby("series_id")["month"].nunique() == 60).all()
    assert made["amount"].ge(0).all()


def test_made_noise_has_the_spread_and_the_memory_that_are_said(made):
    logs = np.log(amounts_of(made, "level"))
    spread = np.median(np.abs(logs - np.median(logs, axis=1, keepdims=True)), axis=1)
    assert 0.02 < spread.min() < 0.1
    assert 0.15 < spread.max() < 0.5
    rest = logs - logs.mean(axis=1, keepdims=True)
    carried = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / (rest**2).sum(axis=1)
    assert 0.1 < carried.mean() < 0.5


def test_made_trends_go_somewhere_and_levels_do_not(made):
    def drift(kind):
        logs = np.log(amounts_of(made, kind))
        return np.abs(logs[:, -20:].mean(axis=1) - logs[:, :20].mean(axis=1))

    assert np.median(drift("trend")) > 3 * np.median(drift("level"))


def test_made_seasons_come_back_after_a_year(made):
    def likeness(kind):
        logs = np.log(amounts_of(made, kind))
        rest = logs - logs.mean(axis=1, keepdims=True)
        return (
            (rest[:, 12:] * rest[:, :-12]).sum(axis=1) / (rest**2).sum(axis=1)
        ).mean()

    assert likeness("seasonal") > 0.3
    assert abs(likeness("level")) < 0.15


def test_made_intermittent_series_have_months_without_revenue(made):
    empty = (amounts_of(made, "intermittent") == 0).mean(axis=1)
    assert 0.2 < empty.min() < empty.max() < 0.9
    for kind in set(KINDS) - {"intermittent"}:
        assert (amounts_of(made, kind) > 0).all()


def test_made_breaks_lie_before_the_28th_month(made):
    logs = np.log(amounts_of(made, "break"))
    early = np.abs(logs[:, 28:].mean(axis=1) - logs[:, :4].mean(axis=1))
    late = np.abs(logs[:, 28:44].mean(axis=1) - logs[:, 44:].mean(axis=1))
    assert np.median(early) > 2 * np.median(late)


def test_now_and_then_a_month_is_huge(made):
    amounts = amounts_of(made, "level")
    share = (amounts.max(axis=1) > 2.2 * np.median(amounts, axis=1)).mean()
    assert 0.05 < share < 0.35


def test_made_days_add_up_to_their_months(made):
    few = made[made["series_id"].isin(["level 000", "intermittent 001"])]
    days = made_days(few)
    months = days["order_date"].dt.to_period("M").dt.to_timestamp()
    sums = days.groupby(["series_id", months])["amount"].sum()
    known = few.set_index(["series_id", "month"])["amount"]
    np.testing.assert_allclose(sums, known.reindex(sums.index), atol=1e-6)
    assert len(days) == 2 * (pd.Timestamp("2020-01-01") - few["month"].min()).days
    week = days[days["series_id"] == "level 000"].groupby(
        days["order_date"].dt.day_of_week < 5
    )["amount"]
    assert week.mean()[True] > 2 * week.mean()[False]


# -- Other series ------------------------------------------------------------


def written(tmp_path, text):
    path = tmp_path / "others.csv"
    path.write_text(text)
    return path


def test_series_are_read_in_any_order(tmp_path):
    text = "amount,month,series_id\n2,2015-02-28,007\n1.5,2015-01-31,007\n"
    found = read_series(written(tmp_path, text))
    assert found["series_id"].tolist() == ["007", "007"]
    assert found["month"].dt.strftime("%Y-%m-%d").tolist() == [
        "2015-01-01",
        "2015-02-01",
    ]
    assert found["amount"].tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"others.csv cannot be read: No columns"),
        ("id,month,amount\na,2015-01-01,1\n", "has no column series_id; found id, "),
        (
            "series_id,month,amount\na,2015-01-01,1\na,2015-02-01,many\n",
            r"has 1 rows without an id, a date or a finite amount, first line 3:"
            r" \['a', '2015-02-01', 'many'\]",
        ),
        (
            "series_id,month,amount\na,2015-01-01,inf\n",
            "has 1 rows without an id, a date or a finite amount, first line 2",
        ),
        (
            "series_id,month,amount\na,spring,1\n",
            "has 1 rows without an id, a date or a finite amount, first line 2",
        ),
        (
            "series_id,month,amount\na,2015-01-01,1\na,2015-03-01,1\n",
            "has 1 months that do not follow the one before, first 2015-03 of series"
            " 'a'. Give one row",
        ),
        (
            "series_id,month,amount\na,2015-01-01,1\na,2015-01-09,1\n",
            "has 1 months that do not follow the one before, first 2015-01",
        ),
    ],
)
def test_series_that_cannot_be_read_are_a_sentence(tmp_path, capsys, text, said):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=said):
        read_series(path)
    assert forecasts.main(["--parts", "sample", "--series", str(path)]) == 1
    assert "others.csv" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"none.csv cannot be read: .*No such file"):
        read_series(tmp_path / "none.csv")


def test_series_all_too_short_are_a_sentence(tmp_path):
    options = forecasts._options(["--series", "x.csv"])
    series = made_series(1, 17)
    with pytest.raises(ValueError, match=r"no series of 18 months .* longest of 17"):
        forecasts.other_scores(series, options, [])


def test_products_are_chosen_by_their_first_year(tmp_path):
    def line(invoice, code, quantity, price, date, customer=1):
        return {
            "Invoice": invoice,
            "StockCode": code,
            "Description": "thing",
            "Quantity": quantity,
            "Price": price,
            "InvoiceDate": pd.Timestamp(date),
            "Customer ID": customer,
        }

    rows = [
        line("1", "10001a", 2, 5.0, "2009-12-05"),
        line("1", "10001a", 2, 5.0, "2009-12-05"),  # on both sheets
        line("C2", "10001A", -3, 5.0, "2010-02-05"),
        line("3", "10002", 9, 5.0, "2010-01-05"),
        line("4", "10003", 900, 5.0, "2011-01-05"),  # sells later
        line("5", "10003", 1, 5.0, "2010-01-05"),
        line("6", "POST", 900, 5.0, "2010-01-05"),
        line("7", "10004", 900, 5.0, "2010-01-05", None),
        line("8", "10002", 9, 5.0, "2011-12-05"),
    ]
    path = tmp_path / "lines.parquet"
    pd.DataFrame(rows).to_parquet(path)
    found = product_series(path, 2)
    assert found["series_id"].unique().tolist() == ["10002", "10003"]
    assert found["month"].nunique() == 4
    found = product_series(path, 3).set_index(["series_id", "month"])["amount"]
    assert found["10001A"].tolist() == [10.0, 0.0, -15.0, 0.0]


# -- Cuts --------------------------------------------------------------------


def test_histories_end_at_their_cuts_and_short_series_before():
    series = made_series(1, 40)
    lengths = dict(zip(series["series_id"].unique(), (40, 30, 24, 18, 17), strict=True))
    number = series.groupby("series_id").cumcount()
    series = series[number < series["series_id"].map(lengths)]
    laid = forecasts.replay(series)
    spans = laid.groupby("segment_id")["origin_month"].agg(["min", "max", "nunique"])
    by_length = {lengths[name]: row for name, row in spans.iterrows()}
    assert set(by_length) == {40, 30, 24, 18}
    first = pd.Timestamp("2001-06-01")
    for length, months in ((40, 24), (30, 24), (24, 18), (18, 12)):
        row = by_length[length]
        assert row["min"] == first
        assert row["max"] == first + pd.DateOffset(months=months - 6)
        assert row["nunique"] == months - 5
    ahead = laid[laid["month"] > laid["origin_month"]]
    assert (ahead.groupby(["segment_id", "origin_month"]).size() == 6).all()
    own = series[series["series_id"] == "trend 000"]["amount"].to_numpy()
    last = laid[(laid["segment_id"] == "trend 000")].tail(30)
    np.testing.assert_array_equal(last["revenue_amount"], own[:30])


def test_series_keep_their_order_whatever_their_calendar():
    series = made_series(1, 18)
    later = series.assign(month=series["month"] + pd.DateOffset(months=31))
    pd.testing.assert_frame_equal(forecasts.replay(series), forecasts.replay(later))


def test_prophet_forecasts_all_at_the_cut_and_some_before(monkeypatch):
    asked = []

    def project(histories, horizon, models):
        keys = histories[["segment_id", "origin_month"]].drop_duplicates()
        asked.append(keys.assign(has_prophet="prophet" in models))
        return keys

    monkeypatch.setattr(forecasts, "project_revenue", project)
    laid = forecasts.replay(made_series(5, 18), cuts=(12,))
    forecasts.forecast(laid, cuts=(12,), every=2)
    asked = pd.concat(asked)
    assert len(asked) == 25 * 7
    assert not asked.duplicated(["segment_id", "origin_month"]).any()
    at_cut = asked["origin_month"] == pd.Timestamp("2001-12-01")
    assert asked[at_cut]["has_prophet"].all()
    before = asked[~at_cut].groupby("segment_id")["has_prophet"].mean()
    shops = forecasts.shops_of(before.reset_index())
    assert before.tolist() == [float(shop in (0, 2)) for shop in shops]


def test_shops_deal_series_of_all_kinds():
    laid = forecasts.as_shops(forecasts.replay(made_series(8, 18)))
    dealt = laid.groupby("definition")["segment_id"].unique()
    assert len(dealt) == 5
    assert all(len(one) == forecasts.SHOP_SERIES for one in dealt)
    assert all(len({name.split()[0] for name in one}) == 5 for one in dealt)
    few = forecasts.as_shops(forecasts.replay(made_series(1, 18)))
    assert few["definition"].unique().tolist() == ["shop 0"]


def test_the_whole_way_on_few_series(monkeypatch, capsys):
    series = made_series(1, 18)
    histories = forecasts.replay(series)
    projections = forecasts.forecast(histories)
    cells = dict(forecasts.at_cuts(projections, histories))
    assert list(cells) == [12]
    found = score("few", cells[12])
    assert (found.series, found.origins, found.backtests) == (5, 1, 30)
    published = cells[12][cells[12]["model"] == PUBLISHED]
    chosen = published.merge(
        histories[histories["month"] > histories["origin_month"]],
        on=KEYS,
        how="left",
    )
    error = (chosen["revenue_amount"] - chosen["forecast_amount"]).abs()
    assert found.mase == pytest.approx((error / chosen["scale_amount"]).mean())
    assert found.errors["naive"].backtests == 30
    assert found.errors["prophet_daily"].backtests == 0
    monkeypatch.setattr(forecasts, "made_scores", lambda made: [found])
    assert forecasts.main(["--parts", "made", "--per-kind", "1"]) == 0
    printed = capsys.readouterr().out
    assert "| few | 5 | 1 | 30 |" in printed
    assert "Not at full size" in printed


# -- Pooling -----------------------------------------------------------------


def backtests_of(said, actual, **columns):
    """Backtests of one series from one origin each; a scale of 2."""
    origins = pd.date_range("2017-01-01", periods=len(actual), freq="MS")
    frames = []
    for model, amounts in said.items():
        frames.append(
            pd.DataFrame(
                {
                    "definition": "stock",
                    "segmentation": "value",
                    "segment_id": "a",
                    "model": model,
                    "origin_month": origins,
                    "month": origins + pd.offsets.MonthBegin(1),
                    "actual_amount": actual,
                    "forecast_amount": amounts,
                    "scale_amount": 2.0,
                    "lower_80_amount": 8.0,
                    "upper_80_amount": 12.0,
                    "lower_95_amount": 4.0,
                    "upper_95_amount": 16.0,
                    "own_lower_80_amount": 9.0,
                    "own_upper_80_amount": 11.0,
                    "is_calibrated": True,
                }
                | columns
            ).dropna(subset="forecast_amount")
        )
    return pd.concat(frames, ignore_index=True)


SAID = {
    PUBLISHED: [10.0, 10.0, 10.0, 10.0],
    "naive": [12.0, 12.0, 12.0, 12.0],
    "seasonal_naive": [np.nan, np.nan, 10.0, 17.0],
    "prophet": [10.0, 10.0, 10.0, np.nan],
}
ACTUAL = [10.0, 12.0, 13.0, 18.0]


def test_pairs_are_compared_on_what_both_forecast():
    found = score("cell", backtests_of(SAID, ACTUAL))
    assert (found.series, found.origins, found.backtests) == (1, 4, 4)
    assert found.mase == pytest.approx((0 + 2 + 3 + 8) / 2 / 4)
    naive, seasonal = found.errors["naive"], found.errors["seasonal_naive"]
    assert (naive.backtests, naive.theirs) == (4, pytest.approx((2 + 0 + 1 + 6) / 8))
    assert (seasonal.backtests, seasonal.ours, seasonal.theirs) == (2, 2.75, 1.0)
    assert seasonal.ratio == 2.75
    assert found.best_method() == "seasonal_naive"
    assert found.errors["prophet"].ratio == 1.0
    assert np.isnan(found.errors["theta"].ratio)
    assert found.verdicts() == {
        "simple": False,
        "Prophet": True,
        "80 %": False,
        "95 %": False,
        "interval score": True,
    }
    rows = backtests_of(SAID, ACTUAL, own_upper_80_amount=18.0)
    assert not score("cell", rows).verdicts()["interval score"]
    better = {**SAID, "prophet": ACTUAL}
    assert not score("cell", backtests_of(better, ACTUAL)).verdicts()["Prophet"]


def test_bands_cost_their_width_and_ten_times_what_they_miss():
    found = score("cell", backtests_of(SAID, ACTUAL))
    assert found.coverages == {80: 0.5, 95: 0.75}
    naive = found.bands["naive"]
    assert naive.ours == pytest.approx((4 + 4 + 14 + 64) / 2 / 4)
    assert naive.theirs == pytest.approx((2 + 12 + 22 + 72) / 2 / 4)
    prophet = found.bands["prophet"]
    assert (prophet.backtests, prophet.ours) == (3, pytest.approx(22 / 2 / 3))
    assert found.bands["prophet_daily"].backtests == 0


def test_bands_from_a_prior_and_rows_without_a_scale_do_not_count():
    rows = backtests_of(SAID, ACTUAL)
    late = rows["month"] >= "2017-05-01"
    found = score("cell", rows.assign(is_calibrated=~late))
    assert (found.backtests, found.calibrated) == (4, 3)
    assert found.coverages == {80: pytest.approx(2 / 3), 95: 1.0}
    assert found.bands["naive"].backtests == 3
    found = score("cell", rows.assign(scale_amount=np.where(late, 0.0, 2.0)))
    assert (found.backtests, found.errors["naive"].backtests) == (3, 3)
    with pytest.raises(ValueError, match="cell has no published forecast"):
        score("cell", rows.assign(scale_amount=np.nan))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 20), st.floats(0.001, 1000), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_currency_or_order(count, factor, random):
    generator = np.random.default_rng(random.randrange(2**32))
    said = {name: generator.gamma(2.0, size=count) for name in (PUBLISHED, *OTHERS)}
    rows = backtests_of(said, generator.gamma(2.0, size=count))
    amounts = [name for name in rows.columns if name.endswith("_amount")]
    other = rows.assign(**{name: rows[name] * factor for name in amounts})
    first, second = score("a", rows), score("a", other.sample(frac=1, random_state=1))
    assert first.mase == pytest.approx(second.mase)
    assert first.coverages == second.coverages
    for name in METHODS:
        assert first.errors[name].ratio == pytest.approx(second.errors[name].ratio)


def test_what_is_published_is_repeated_as_a_model_of_its_own():
    rows = backtests_of({"naive": [1.0, 2.0], "theta": [3.0, 4.0]}, [5.0, 6.0])
    judged = rows.assign(is_published=rows["model"] == "theta")
    judged = judged.drop(columns="actual_amount")
    histories = rows[rows["model"] == "theta"].head(1)[KEYS]
    known = histories.assign(month=histories["origin_month"], revenue_amount=9.0)
    histories = pd.concat([histories.assign(revenue_amount=5.0), known])
    found = with_published(judged, histories)
    assert found["model"].tolist() == ["naive", "theta", PUBLISHED]
    assert found["forecast_amount"].tolist() == [1.0, 3.0, 3.0]
    assert found["actual_amount"].tolist() == [5.0, 5.0, 5.0]


# -- Shops, time, page -------------------------------------------------------


def test_a_shop_is_scored_by_definition_and_without_hindsight():
    rows = backtests_of(SAID, ACTUAL).assign(is_hindsight=False)
    both = pd.concat([rows, rows.assign(definition="cohort", is_hindsight=True)])
    found = forecasts.split_scores("shop", both)
    assert [one.name for one in found] == [
        "shop, cohort",
        "shop, stock",
        "shop, both",
        "part: shop, both, without hindsight",
    ]
    assert [one.backtests for one in found] == [4, 4, 8, 4]
    assert [one.is_goal for one in found] == [True, True, True, False]
    assert len(forecasts.split_scores("shop", both.assign(is_hindsight=False))) == 3


def test_a_warehouse_without_backtests_is_a_sentence(tmp_path, monkeypatch):
    import duckdb

    monkeypatch.setattr(forecasts, "BENCH", tmp_path)
    (tmp_path / "forecasts_sample").mkdir()
    duckdb.connect(str(tmp_path / "forecasts_sample" / "work.duckdb")).close()
    with pytest.raises(BuildError, match=r"has no marts.fct_forecast_backtests"):
        forecasts.shop_scores("sample", reuse=True)


def test_absent_data_are_skipped_visibly(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRAJECTORIES_SHARED_DATA", str(tmp_path))
    assert forecasts.main(["--parts", "retail", "products"]) == 0
    printed = capsys.readouterr()
    assert "Skipped retail: there is no online_retail_II.parquet" in printed.err
    assert "Left out: products: there is no online_retail_II.parquet" in printed.out


def test_goals_name_the_cells_that_miss_them():
    good = score("good", backtests_of({**SAID, PUBLISHED: ACTUAL}, ACTUAL))
    bad = score("bad", backtests_of(SAID, ACTUAL))
    part = score("part: bad", backtests_of(SAID, ACTUAL), is_goal=False)
    timing = forecasts.Timing(61.0, 99.0, 1400, 340, 171, 300_000_000, 0.5)
    text = forecasts.report([good, bad, part], timing, ["two series"])
    assert (
        "best single simple method (2 cells, 8 backtests) | at or under, in every cell"
        " | met in 1 of 2 cells; missed: bad (2.750 of seasonal_naive) | no |" in text
    )
    assert "(2 cells, 8 backtests) | never worse | met in 2 of 2 cells | yes |" in text
    assert "1,400 fits | under 60 s | 61 s (99 s of processors) | no |" in text
    assert "1.000 / 2.750 (2)" in text
    assert "Left out: two series." in text
    assert "300 MB in a process" in text


def test_time_is_of_all_models_from_every_origin(monkeypatch):
    models = ("naive", "prophet_daily")
    monkeypatch.setattr(forecasts, "projected_models", lambda: models)
    found = forecasts.time_forecasts(series=2, months=8)
    assert found.histories == 2 * 3
    assert (found.fits, found.prophet_fits) == (12, 6)
    assert found.seconds > 0
    assert found.processor_seconds > 0
