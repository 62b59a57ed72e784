import numpy as np
import pandas as pd
import pytest

from trajectories.forecasting import (
    MODELS,
    histories,
    naive,
    project_revenue,
    prophet_fit,
)
from trajectories.forecasting import projections as projections_module

NAIVE_MODELS = ("naive", "seasonal_naive")
BOUNDS = [
    "lower_95_amount",
    "lower_80_amount",
    "forecast_amount",
    "upper_80_amount",
    "upper_95_amount",
]


def segment_rows(amounts, segment_id="a", segmentation="value", end="2017-12"):
    months = pd.period_range(end=end, periods=len(amounts), freq="M").to_timestamp()
    return pd.DataFrame(
        {
            "segmentation": segmentation,
            "segment_id": segment_id,
            "month": months,
            "customers": 5,
            "orders": 9,
            "revenue_amount": np.asarray(amounts, dtype="float64"),
        }
    )


def seasonal_amounts(months, noise_seed=0, amplitude=0.4):
    steps = np.arange(months)
    noise = np.random.default_rng(noise_seed).normal(0, 200, months)
    return 10_000 * (1 + amplitude * np.sin(2 * np.pi * steps / 12)) + noise


def history_of(amounts):
    return histories.History("value", "a", 2017 * 12, np.asarray(amounts, float))


def test_every_model_forecasts_six_months_from_every_origin():
    found = project_revenue(segment_rows(seasonal_amounts(24)))
    counts = found.groupby(["model", "origin_month"]).size()
    origins = pd.to_datetime(["2017-02-01", "2017-04-01", "2017-06-01", "2017-12-01"])
    assert sorted(found["origin_month"].unique()) == list(origins)
    assert set(found["model"]) == set(MODELS)
    assert (counts == 6).all()
    ahead = found["month"].dt.to_period("M").astype("int64") - found[
        "origin_month"
    ].dt.to_period("M").astype("int64")
    assert (ahead == found["horizon"]).all()


def test_rows_are_the_same_twice_and_in_any_number_of_processes(monkeypatch):
    monkeypatch.setattr(projections_module, "FEWEST_PARALLEL_FITS", 1)
    rows = pd.concat([segment_rows(seasonal_amounts(14, i), f"s{i}") for i in range(3)])
    shuffled = rows.sample(frac=1, random_state=1)
    one = project_revenue(rows, origins=0, processes=1)
    again = project_revenue(rows, origins=0, processes=1)
    parallel = project_revenue(shuffled, origins=0, processes=2)
    assert one.to_csv() == again.to_csv() == parallel.to_csv()


def test_noise_in_the_last_digits_of_sums_changes_nothing():
    rows = segment_rows(seasonal_amounts(14))
    noisy = rows.assign(revenue_amount=rows["revenue_amount"] * (1 + 4e-16))
    assert (noisy["revenue_amount"] != rows["revenue_amount"]).any()
    one, two = (project_revenue(frame, origins=0) for frame in (rows, noisy))
    assert one.to_csv() == two.to_csv()


def test_another_seed_moves_prophets_bands_only():
    rows = segment_rows(seasonal_amounts(18))
    one, two = (project_revenue(rows, origins=0, seed=seed) for seed in (1, 2))
    differs = one["upper_80_amount"] != two["upper_80_amount"]
    assert differs[one["model"] == "prophet"].all()
    assert not differs[one["model"] != "prophet"].any()


def test_numpys_global_generator_is_left_as_it_was():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    prophet_fit.project_prophet(history_of(seasonal_amounts(12)), 6, seed=1)
    assert np.random.random() == expected


def test_what_comes_after_an_origin_changes_nothing_said_from_it():
    rows = pd.concat([segment_rows(seasonal_amounts(24, i), f"s{i}") for i in range(2)])
    changed = rows.copy()
    later = changed["month"] > "2017-04-01"
    changed.loc[later, "revenue_amount"] *= 50
    before, after = (
        frame[frame["origin_month"] <= "2017-04-01"].reset_index(drop=True)
        for frame in (project_revenue(rows), project_revenue(changed))
    )
    assert len(before) == 2 * 2 * 3 * 6
    pd.testing.assert_frame_equal(before, after)


def test_prophet_is_called_and_its_forecast_is_what_is_returned(monkeypatch):
    import prophet

    calls = []
    original = prophet.Prophet.predict

    def predict(self, *arguments, **options):
        calls.append(original(self, *arguments, **options))
        return calls[-1]

    monkeypatch.setattr(prophet.Prophet, "predict", predict)
    found = project_revenue(segment_rows(seasonal_amounts(24)), origins=0)
    said = found.loc[found["model"] == "prophet", "forecast_amount"]
    assert len(calls) == 1
    np.testing.assert_array_equal(said, calls[0]["yhat"])


@pytest.mark.parametrize(("months", "is_seasonal"), [(23, False), (24, True)])
def test_prophet_has_a_yearly_pattern_on_two_full_years_only(
    monkeypatch, months, is_seasonal
):
    import prophet

    fitted = []
    original = prophet.Prophet.fit

    def fit(self, *arguments, **options):
        fitted.append(original(self, *arguments, **options))
        return fitted[-1]

    monkeypatch.setattr(prophet.Prophet, "fit", fit)
    prophet_fit.project_prophet(history_of(seasonal_amounts(months)), 6, seed=1)
    assert set(fitted[0].seasonalities) == ({"yearly"} if is_seasonal else set())


def test_prophet_follows_a_season_better_than_naive_on_two_years():
    amounts = seasonal_amounts(30)
    found = project_revenue(segment_rows(amounts[:24]), origins=0)
    errors = found.groupby("model")["forecast_amount"].agg(
        lambda said: np.abs(said.to_numpy() - amounts[24:]).mean()
    )
    assert errors["prophet"] < errors["naive"] / 3


def test_naive_band_is_worked_by_hand():
    # Changes 10, -10, 20: sum of squares 600. The shop's typical error is this
    # segment's own and counts for three more: another 600. So the error's size
    # is sqrt(1200 / 6), on 6 degrees of freedom: t is 1.43976 (80 %), 2.44691.
    found = project_revenue(
        segment_rows([115, 125, 115, 135]), 4, origins=0, models=["naive"]
    )
    reach = np.sqrt(200) * np.sqrt([1, 2, 3, 4])
    assert found["forecast_amount"].tolist() == [135.0] * 4
    np.testing.assert_allclose(found["upper_80_amount"], 135 + 1.43976 * reach, 1e-5)
    np.testing.assert_allclose(found["lower_80_amount"], 135 - 1.43976 * reach, 1e-5)
    np.testing.assert_allclose(found["upper_95_amount"], 135 + 2.44691 * reach, 1e-5)


def test_seasonal_naive_repeats_the_year_and_widens_only_after_a_year():
    amounts = np.r_[np.arange(1.0, 13) * 100, np.arange(1.0, 13) * 110]
    found = project_revenue(
        segment_rows(amounts), horizon=14, origins=0, models=["seasonal_naive"]
    )
    assert found["forecast_amount"].tolist() == pytest.approx(
        [*amounts[12:], *amounts[12:14]]
    )
    reach = (found["upper_80_amount"] - found["forecast_amount"]).to_numpy()
    np.testing.assert_allclose(reach[:12], reach[0])
    np.testing.assert_allclose(reach[12:], reach[0] * np.sqrt(2))


def test_naive_band_covers_what_it_says_on_random_walks():
    # Nothing but the walk's own errors: 80 % and 95 % over 2,000 walks, whose
    # standard error is 0.9 and 0.5 points.
    generator = np.random.default_rng(7)
    walks = 10_000 + np.cumsum(generator.normal(0, 100, (2000, 30)), axis=1)
    hits = {80: 0, 95: 0}
    for walk in walks:
        known = walk[:24]
        typical = naive.typical_error([history_of(known)], 1)
        said = naive.project_naive(known, 1, 6, typical)
        hits[80] += said.lower_80[5] <= walk[29] <= said.upper_80[5]
        hits[95] += said.lower_95[5] <= walk[29] <= said.upper_95[5]
    assert hits[80] / 2000 == pytest.approx(0.80, abs=0.03)
    assert hits[95] / 2000 == pytest.approx(0.95, abs=0.02)


def test_typical_error_is_the_median_of_the_segments_shares():
    calm = history_of([100, 110, 100])  # changes of 10, level 103.33
    wild = history_of([100, 300, 100])  # changes of 200, level 166.67
    third = history_of([100, 120, 100])  # changes of 20, level 106.67
    zero = history_of([0, 0, 0])
    assert naive.typical_error([calm, wild, third, zero], 1) == pytest.approx(
        20 / (320 / 3)
    )
    assert naive.typical_error([calm, wild], 12) is None


EDGES = {
    "one month": [500],
    "two months": [500, 700],
    "three months": [500, 700, 600],
    "five months": [500, 700, 600, 650, 640],
    "all zeros": [0] * 24,
    "one huge order": [100] * 11 + [1_000_000] + [100] * 12,
    "huge order last": [100] * 23 + [1_000_000],
    "net returns": [100, -50, 80, -900] * 6,
    "ends in net returns": [100] * 20 + [-100] * 4,
    "always net returns": [-10] * 24,
    "constant": [250] * 24,
    "retired": [100, 200, 300] * 4 + [0] * 12,
    "born last month": [0] * 23 + [900],
    "five years": list(seasonal_amounts(60)),
    "tiny": [1e-5, 2e-5] * 12,
    "nothing but dust": [1e-9, 2e-9] * 12,
    "very large": [1e14, 2e14] * 12,
}


@pytest.mark.parametrize("edge", EDGES)
def test_edges_get_a_sensible_forecast(edge):
    rows = pd.concat(
        [
            segment_rows(EDGES[edge], "edge"),
            segment_rows(seasonal_amounts(24), "other"),
        ]
    )
    found = project_revenue(rows, origins=1)
    amounts = found[BOUNDS].to_numpy()
    assert np.isfinite(amounts).all()
    assert (amounts >= 0).all()
    assert (np.diff(amounts, axis=1) >= 0).all()
    latest = found[found["origin_month"] == "2017-12-01"]
    naive_rows = latest[(latest["segment_id"] == "edge") & (latest["model"] == "naive")]
    assert len(naive_rows) == 6
    if max(map(abs, EDGES[edge])) > 1e-6:
        assert (naive_rows["upper_80_amount"] > naive_rows["lower_80_amount"]).all()


def test_what_a_model_cannot_do_has_no_rows():
    known = {
        months: set(
            project_revenue(
                pd.concat(
                    [
                        segment_rows(seasonal_amounts(24), "other"),
                        segment_rows(seasonal_amounts(months), "edge"),
                    ]
                ),
                origins=0,
            ).query("segment_id == 'edge'")["model"]
        )
        for months in (1, 5, 6, 11, 12)
    }
    assert known == {
        1: {"naive"},
        5: {"naive"},
        6: {"naive", "prophet"},
        11: {"naive", "prophet"},
        12: {"naive", "prophet", "seasonal_naive"},
    }


def test_a_lone_month_has_no_forecast_because_its_error_is_unknown():
    assert project_revenue(segment_rows([500])).empty


def test_a_segment_is_not_backtested_before_its_first_revenue():
    rows = pd.concat(
        [
            segment_rows([0] * 20 + [100, 200, 300, 400], "young"),
            segment_rows(seasonal_amounts(24), "old"),
        ]
    )
    found = project_revenue(rows, models=NAIVE_MODELS)
    young = found[found["segment_id"] == "young"]
    assert set(young["origin_month"]) == {pd.Timestamp("2017-12-01")}
    assert set(young["model"]) == {"naive"}


def test_missing_months_are_zeros_and_every_segment_ends_with_the_shop():
    rows = segment_rows([10, 20, 30, 40, 50, 60], "gap")
    gap = rows[~rows["month"].isin(pd.to_datetime(["2017-08-01", "2017-12-01"]))]
    other = segment_rows([1.0] * 6, "other")
    found = histories.read_histories(pd.concat([gap, other]))
    assert [history.segment_id for history in found] == ["gap", "other"]
    assert found[0].amounts.tolist() == [10, 0, 30, 40, 50, 0]


@pytest.mark.parametrize("as_dates", [True, False])
def test_months_may_be_dates_or_timestamps_on_any_day(as_dates):
    rows = segment_rows([10, 20, 30])
    rows["month"] = rows["month"] + pd.Timedelta(days=14)
    if as_dates:
        rows["month"] = rows["month"].dt.date
    found = project_revenue(rows, origins=0, models=["naive"])
    assert found["month"].iloc[0] == pd.Timestamp("2018-01-01")


def test_empty_input_gives_a_typed_empty_frame():
    empty = segment_rows([1.0]).iloc[:0]
    found = project_revenue(empty)
    full = project_revenue(segment_rows([1.0, 2.0, 3.0]))
    assert found.empty
    assert found.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()
    assert list(found.columns) == list(projections_module.DTYPES)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.drop(columns="month"), "no column month"),
        (lambda rows: pd.concat([rows, rows.head(1)]), r"repeated months.*2017-10"),
        (lambda rows: rows.assign(revenue_amount=np.nan), "3 rows whose"),
    ],
)
def test_a_history_that_cannot_be_used_is_named(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        project_revenue(change(segment_rows([1.0, 2.0, 3.0])))


@pytest.mark.parametrize(
    "options", [{"horizon": 0}, {"origins": -1}, {"models": ["arima"]}]
)
def test_settings_that_cannot_be_used_are_named(options):
    with pytest.raises(ValueError, match=r"found horizon|Unknown.*arima"):
        project_revenue(segment_rows([1.0, 2.0, 3.0]), **options)


def test_a_failed_fit_leaves_the_other_models_and_says_so(monkeypatch, caplog):
    import prophet

    def fail(self, *arguments, **options):
        raise RuntimeError("line search failed")

    monkeypatch.setattr(prophet.Prophet, "fit", fail)
    found = project_revenue(segment_rows(seasonal_amounts(14)), origins=0)
    assert set(found["model"]) == set(NAIVE_MODELS)
    assert "no Prophet forecast from 2017-12" in caplog.text
