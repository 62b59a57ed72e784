"""Means of models, the gate, and what is published with which sentence."""

import numpy as np
import pandas as pd
import pytest
from made_revenue import (
    assert_sensible,
    history_rows,
    judge_forecasts,
    last_month,
    mean_month,
    project_revenue,
    record_of,
    rolled,
    said_plainly,
    seasonal_amounts,
)
from scipy import stats

from trajectories.forecasting.gate import (
    DEFAULT,
    FEWEST_ORIGINS,
    add_means,
    judge_models,
    winner,
)
from trajectories.forecasting.methods import METHODS

KEYS = ["definition", "segmentation", "segment_id", "model", "origin_month", "month"]


def all_methods(**said):
    """Forecasts of all methods, of which only some say something."""
    none = np.full_like(next(iter(said.values())), np.nan)
    return {name: said.get(name, none) for name in METHODS}


def latest(record):
    """Standings at the newest origin."""
    return judge_models(record)[("stock", "value", int(record.origins.max()))]


# Means


def test_means_by_hand():
    # At the second origin the first has an outcome, 100. Scaled errors: naive 0,
    # ETS 20 / 10 = 2, the plain mean of both 1. With three more of 1 each: naive is
    # 3/4 and ETS 5/4 as far off as the plain mean, so their weights are 16/9 to
    # 16/25, that is 25 to 9.
    naive, ets = np.array([[[100.0], [100.0]]]), np.array([[[120.0], [140.0]]])
    came = np.array([[[100.0], [np.nan]]])
    record = record_of(all_methods(naive=naive, ets=ets), came, scales=10.0)
    add_means(record)
    assert record.forecasts["plain_mean"].ravel().tolist() == [110, 120]
    weighted = record.forecasts["weighted_mean"].ravel()
    np.testing.assert_allclose(weighted, [110, (25 * 100 + 9 * 140) / 34])


def test_methods_without_a_forecast_leave_the_mean_to_the_others():
    said = np.array([[[100.0, 100.0]]])
    record = record_of(all_methods(naive=said, ets=said * np.nan), said)
    add_means(record)
    for name in ("plain_mean", "weighted_mean"):
        assert record.forecasts[name].tolist() == [[100, 100]]
    record = record_of(all_methods(naive=said * np.nan), said)
    add_means(record)
    assert np.isnan(record.forecasts["weighted_mean"]).all()


def test_a_method_that_was_right_gets_the_weight():
    generator = np.random.default_rng(1)
    came = 100 + generator.normal(0, 1, (4, 12, 6))
    right, wrong = came + generator.normal(0, 1, came.shape), came + 20
    record = record_of(all_methods(naive=wrong, theta=right), came)
    add_means(record)
    error = record.outcomes - record.forecasts["weighted_mean"]
    error = np.abs(error).reshape(came.shape)
    np.testing.assert_allclose(error[:, 0], 10, atol=2)
    assert error[:, -1].mean() < 1.5


# Margins and winners


def test_standings_are_those_of_plain_loops():
    generator = np.random.default_rng(2)
    came = generator.normal(100, 10, (3, 24, 3))
    said = {
        name: generator.normal(100, size, came.shape)
        for name, size in ((DEFAULT, 5), ("ets", 3), ("theta", 8), ("prophet", 4))
    }
    said["ets"][0, :2] = np.nan
    said["theta"][1:] = np.nan
    came[2, 3, 1] = np.nan
    record = record_of(said, came, scales=4.0, months=13)
    found = judge_models(record)
    for origin in range(24):
        standings = found[("stock", "value", 24_000 + origin)]
        for name in said:
            tried = range(2, 24, 3) if name == "prophet" else range(24)
            expected = plain_standing(said[name], said[DEFAULT], came, origin, tried)
            own = standings[name]
            assert own.backtests == expected[0]
            np.testing.assert_allclose(
                [own.mase, own.difference, own.margin], expected[1:], atol=1e-12
            )


def plain_standing(said, default, came, now, tried, scale=4.0):
    known = []
    for series, origin, step in np.ndindex(came.shape):
        place = series, origin, step
        is_known = origin + 1 + step <= now and origin in tried
        if is_known and np.isfinite([said[place], default[place], came[place]]).all():
            own, other = (abs(came[place] - x[place]) / scale for x in (said, default))
            known.append((origin, series, own, own - other))
    if not known:
        return 0, np.nan, np.nan, np.inf
    mean = sum(row[3] for row in known) / len(known)
    if len({row[0] for row in known}) < FEWEST_ORIGINS:
        margin = np.inf
    else:
        margin = max(by_origin(known, mean, came.shape[2]), by_series(known, mean))
    return len(known), sum(row[2] for row in known) / len(known), mean, margin


def by_series(known, mean):
    sums = {}
    for row in known:
        sums[row[1]] = sums.get(row[1], 0.0) + row[3] - mean
    count = len(sums)
    if count < 2:
        return 0.0
    variance = sum(value**2 for value in sums.values()) * count / (count - 1)
    return variance**0.5 / len(known) * stats.t(count - 1).ppf(0.95)


def by_origin(known, mean, horizon):
    variance = plain = 0.0
    for one in known:
        for other in known:
            apart = abs(one[0] - other[0])
            product = (one[3] - mean) * (other[3] - mean)
            variance += max(1 - apart / horizon, 0) * product
            plain += product if apart == 0 else 0
    origins = [row[0] for row in known]
    span = max(origins) - min(origins) + 1
    error = max(variance, plain) ** 0.5 / len(known)
    return error * stats.t(max(span / horizon, 1)).ppf(0.95)


def drawn(seed, sizes, origins=14, series=5, shock=0.0, known=12):
    """Forecasts whose errors have given sizes, and share a shock of each month."""
    generator = np.random.default_rng(seed)
    came = 100 + generator.normal(0, 1, (series, origins, 6))
    months = np.arange(origins)[:, None] + np.arange(6)
    common = {name: generator.normal(0, shock, origins + 6)[months] for name in sizes}
    said = {
        name: came + generator.normal(0, size, came.shape) + common[name]
        for name, size in sizes.items()
    }
    return record_of(said, came, months=known)


def test_a_better_model_wins_with_enough_origins():
    won = [
        winner(latest(drawn(seed, {DEFAULT: 1.0, "ets": 0.7}))) for seed in range(40)
    ]
    assert won.count("ets") >= 38


@pytest.mark.parametrize("shock", [0.0, 1.0])
@pytest.mark.parametrize("model", ["ets", "prophet"])
def test_a_model_that_is_no_better_seldom_wins(model, shock):
    # One in twenty may by chance; of 200, more than 20 would be one in 10,000.
    won = [
        winner(latest(drawn(seed, {DEFAULT: 1.0, model: 1.0}, shock=shock)))
        for seed in range(200)
    ]
    assert won.count(model) <= 20


def test_a_better_prophet_wins_with_enough_origins():
    won = [
        winner(latest(drawn(seed, {DEFAULT: 1.0, "prophet": 0.5}, 24, known=13)))
        for seed in range(40)
    ]
    assert won.count("prophet") >= 36


def test_what_prophet_says_between_quarters_ends_is_no_record_after_a_year():
    sizes = {DEFAULT: 2.0, "prophet": 0.2}
    assert drawn(1, sizes, known=12).tried("prophet").all()
    record = drawn(1, sizes, origins=24, known=13)
    standing = latest(record)["prophet"]
    assert standing.is_enough
    between = record.origins % 3 != 2
    np.testing.assert_array_equal(record.tried("prophet"), ~between)
    assert record.tried("ets").all()
    record.forecasts["prophet"][between] = np.nan
    assert latest(record)["prophet"] == standing
    record.forecasts["prophet"][between] = 1e9
    assert latest(record)["prophet"] == standing


def test_with_few_origins_the_margin_is_infinite():
    came = np.full((3, 9, 2), 100.0)
    said = {DEFAULT: came + 10, "ets": came + 1}
    found = judge_models(record_of(said, came))
    now = [found[("stock", "value", 24_000 + number)] for number in range(9)]
    assert [one["ets"].backtests for one in now] == [0, 3, *range(9, 51, 6)]
    assert [np.isinf(one["ets"].margin) for one in now] == [True] * 6 + [False] * 3
    assert FEWEST_ORIGINS == 6
    assert [winner(one) for one in now] == [DEFAULT] * 6 + ["ets"] * 3


def test_a_model_tried_on_few_of_the_series_does_not_win():
    record = drawn(1, {DEFAULT: 2.0, "ets": 0.2})
    assert winner(latest(record)) == "ets"
    rare = np.array([one.segment_id for one in record.histories]) != "s0"
    record.forecasts["ets"][rare] = np.nan
    standing = latest(record)["ets"]
    assert standing.difference < -standing.margin
    assert not standing.is_enough
    assert winner(latest(record)) == DEFAULT


def test_the_best_of_several_better_models_wins():
    sizes = {DEFAULT: 2.0, "ets": 1.0, "theta": 0.5, "naive": 4.0}
    assert winner(latest(drawn(1, sizes))) == "theta"


def test_a_difference_of_rounding_wins_nothing():
    rows = rolled({f"s{n}": seasonal_amounts(20, n) for n in range(3)})
    found = judge_forecasts(said_plainly(rows, naive=last_month), rows)
    assert set(found.loc[found["is_winner"], "model"]) == {DEFAULT}


def test_a_history_without_change_has_no_scale_and_judges_nothing():
    rows = rolled({"still": np.full(20, 50.0)})
    found = judge_forecasts(said_plainly(rows), rows)
    assert (found["gate_backtests"] == 0).all()
    assert found["mase_difference"].isna().all()
    assert_sensible(found)


# What is published


def clairvoyant(came):
    """A model that knows what comes; no forecast of histories under six months."""

    def say(history):
        if len(history.amounts) < 6:
            return None
        start = history.origin - (2017 * 12 + 11) - 1 + len(came[history.segment_id])
        said = came[history.segment_id][start + 1 : start + 7]
        return np.r_[said, np.full(6 - len(said), history.amounts.mean())]

    return say


@pytest.fixture(scope="module")
def clear_case():
    """Prophet is right, and cannot forecast the young segment."""
    came = {f"s{n}": seasonal_amounts(24, n) for n in range(3)}
    came["young"] = np.array([500.0, 700.0, 600.0])
    rows = rolled(came)
    said = said_plainly(
        rows, naive=last_month, yearly_mean=mean_month, prophet=clairvoyant(came)
    )
    return rows, said, judge_forecasts(said, rows)


def test_what_is_right_is_published_with_its_record(clear_case):
    rows, _, found = clear_case
    assert_sensible(found)
    now = found[found["origin_month"] == rows["origin_month"].max()]
    old = now[now["segment_id"] == "s0"].set_index("model")
    assert set(old.index[old["is_published"]]) == {"prophet"}
    assert set(old.index[old["is_winner"]]) == {"prophet"}
    prophet, default = (old.loc[[name]].iloc[0] for name in ("prophet", DEFAULT))
    assert prophet["mase_difference"] < -prophet["margin"] < 0
    assert prophet["decision"].startswith("Prophet on months: MASE 0.00 on ")
    assert prophet["decision"].endswith("; published.")
    assert "below the weighted mean, beyond the margin of" in prophet["decision"]
    assert default["decision"].endswith(
        "; not published, for Prophet on months is better beyond chance."
    )
    assert default["mase_difference"] == 0
    naive = old.loc[["naive"]].iloc[0]
    assert naive["decision"].endswith("not published.")
    assert prophet["reason"] == "Forecast from 24 months of history."


def test_where_the_winner_has_no_forecast_the_weighted_mean_is_published(clear_case):
    rows, _, found = clear_case
    now = found[found["origin_month"] == rows["origin_month"].max()]
    young = now[now["segment_id"] == "young"]
    assert set(young.loc[young["is_published"], "model"]) == {DEFAULT}
    assert not young["is_winner"].any()
    (reason,) = young["reason"].unique()
    assert reason == (
        "Its history of 3 months is too short for Prophet on months: the weighted mean"
        " of the simple methods is published."
    )


def test_a_long_history_that_could_not_be_fitted_is_not_called_short(clear_case):
    rows, said, _ = clear_case
    now = said["origin_month"].max()
    unfitted = (said["segment_id"] == "s1") & (said["origin_month"] == now)
    found = judge_forecasts(said[~(unfitted & (said["model"] == "prophet"))], rows)
    assert_sensible(found)
    own = found[(found["segment_id"] == "s1") & (found["origin_month"] == now)]
    assert set(own.loc[own["is_published"], "model"]) == {DEFAULT}
    assert set(own["reason"]) == {
        "Its history of 24 months gives no forecast by Prophet on months: the weighted"
        " mean of the simple methods is published."
    }


def test_first_origins_say_that_nothing_could_be_backtested(clear_case):
    rows, _, found = clear_case
    first = found[found["origin_month"] == rows["origin_month"].min()]
    said = first.groupby("model")["decision"].first()
    assert said[DEFAULT].endswith(": nothing could be backtested yet; published.")
    assert said["prophet"] == "Prophet on months: not backtested; not published."
    assert first["margin"].isna().all()
    assert (first["gate_backtests"] == 0).all()


def test_few_origins_are_too_few_to_tell(clear_case):
    rows, _, found = clear_case
    second = np.sort(rows["origin_month"].unique())[1]
    said = found[found["origin_month"] == second].groupby("model")["decision"].first()
    assert "from too few origins to tell; not published." in said["prophet"]
    assert said[DEFAULT].endswith("published, for no model is better beyond chance.")


def test_a_single_backtest_is_called_one():
    rows = rolled({"a": seasonal_amounts(8)}, origins=1)
    found = judge_forecasts(said_plainly(rows), rows)
    assert found["decision"].str.contains(" on 1 backtest[,;]").any()
    assert not found["decision"].str.contains(" 1 backtests").any()


def test_one_model_is_published_of_every_history(clear_case):
    _, _, found = clear_case
    keys = ["definition", "segmentation", "segment_id", "origin_month", "month"]
    assert (found.groupby(keys)["is_published"].sum() == 1).all()
    winners = found[found["is_winner"]].groupby(["segmentation", "origin_month"])
    assert (winners["model"].nunique() == 1).all()


def test_outcomes_after_an_origin_change_nothing_judged_at_it():
    rows = rolled({f"s{n}": seasonal_amounts(20, n) for n in range(3)}, origins=8)
    changed = rows.copy()
    changed.loc[changed["month"] > "2017-08-31", "revenue_amount"] *= 50
    before, after = (
        judge_forecasts(project_revenue(frame, models=METHODS, processes=1), frame)
        for frame in (rows, changed)
    )
    for origin in before["origin_month"].unique():
        one, two = (
            found[found["origin_month"] == origin].reset_index(drop=True)
            for found in (before, after)
        )
        is_same = one.equals(two)
        assert is_same == (origin <= pd.Timestamp("2017-08-01")), origin
    early = before[before["origin_month"] <= "2017-08-01"]
    assert (early["gate_backtests"] > 0).any()
    assert early["is_calibrated"].any()


def test_definitions_and_segmentations_are_judged_apart(clear_case):
    rows, said, found = clear_case
    others = [{"definition": "cohort"}, {"segmentation": "rhythm"}]
    noisy = [rows.assign(**other) for other in others]
    for frame in noisy:
        frame["revenue_amount"] *= np.random.default_rng(1).uniform(0.5, 2, len(frame))
    more_rows = pd.concat([rows, *noisy])
    more_said = pd.concat([said, *(said_plainly(frame) for frame in noisy)])
    both = judge_forecasts(more_said, more_rows)
    own = (both["definition"] == "stock") & (both["segmentation"] == "value")
    both = both[own].reset_index(drop=True)
    gate = [
        *KEYS,
        "forecast_amount",
        "mase_difference",
        "margin",
        "decision",
        "is_winner",
        "is_published",
    ]
    pd.testing.assert_frame_equal(found[gate], both[gate], check_exact=True)


def test_the_order_of_rows_changes_nothing(clear_case):
    rows, said, found = clear_case
    shuffled = judge_forecasts(
        said.sample(frac=1, random_state=1), rows.sample(frac=1, random_state=2)
    )
    pd.testing.assert_frame_equal(found, shuffled, check_exact=True)
    assert found[KEYS].equals(found[KEYS].sort_values(KEYS, ignore_index=True))


def test_nothing_to_judge_gives_a_typed_empty_frame(clear_case):
    rows, said, found = clear_case
    for given in (said.iloc[:0], said):
        empty = judge_forecasts(given, rows.iloc[:0])
        assert empty.empty
        assert empty.dtypes.to_dict() == found.dtypes.to_dict()
    unsaid = judge_forecasts(said.iloc[:0], rows)
    assert unsaid.empty
    assert unsaid.dtypes.to_dict() == found.dtypes.to_dict()


def test_forecasts_of_histories_that_are_gone_are_left_out(clear_case):
    rows, said, found = clear_case
    gone = said.assign(segment_id="gone")
    again = judge_forecasts(pd.concat([said, gone]), rows)
    pd.testing.assert_frame_equal(found, again, check_exact=True)


def test_a_single_history_is_published_though_nothing_is_known():
    rows = history_rows([500.0])
    found = judge_forecasts(project_revenue(rows), rows)
    assert_sensible(found)
    assert set(found.loc[found["is_published"], "model"]) == {DEFAULT}
    assert (found["forecast_amount"] == 500).all()
    assert (found["upper_80_amount"] > 500).all()
    assert not found["is_calibrated"].any()
    assert set(found["history_months"]) == {1}
    assert found["reason"].iloc[0].startswith("Its history of 1 month is short: the")
