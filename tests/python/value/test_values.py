"""Rankings, amounts, bands and clocks: what the gate lets through, and the traps."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from value_shops import made_days, month_ends, needs_cdnow

from benchmarks.data_sets.shop_days import cdnow_days, samples_of
from trajectories.months import month_number
from trajectories.value import VALUE_SCHEMA, judge_values, value_scorer
from trajectories.value.bands import OBSERVED, REPEATS, Shapes, simulate_shapes
from trajectories.value.clocks import LEAST_PROBABILITY, Clock, read_clock
from trajectories.value.judgement import RECORD_SCHEMA, SAME_AS_RANKS
from trajectories.value.measures import (
    area_under_curve,
    held_share,
    normalised_gini,
    randomised_places,
    redrawn_interval,
)
from trajectories.value.money import (
    EXPECTED,
    LAST_YEAR,
    Amounts,
    discounting,
)
from trajectories.value.purchases import PurchaseModel
from trajectories.value.records import ValueRecord
from trajectories.value.samples import STATE_COLUMNS, read_origins
from trajectories.value.scores import (
    BOOSTING,
    RANK_SUM,
    Ranker,
    order_features,
    ranker_of,
    train_boosting,
)
from trajectories.value.sums import NORMAL_REACH, SumBand, sum_band

SEED = 11
NBD = PurchaseModel("nbd", {"r": 0.8, "alpha": 60.0}, 0.0, 0.0, False)


def fingerprints(samples: pa.Table) -> pa.Table:
    """A fingerprint for each origin: its month."""
    months = sorted(set(samples["month"].to_pylist()))
    return pa.table({"month": months, "fingerprint": [str(one) for one in months]})


def judged(days: pd.DataFrame, ends: list[pd.Timestamp]) -> tuple[pa.Table, pa.Table]:
    samples = samples_of(days, ends)
    found = judge_values(lambda: samples, fingerprints(samples), SEED)
    return samples, found


@cache
def made_shop() -> tuple[pa.Table, pa.Table]:
    """A shop of 900 customers and 20 months who stop, from its third month on."""
    days = made_days(1, 900, 20)
    return judged(days, month_ends(days)[::2])


@cache
def equal_shop() -> tuple[pa.Table, pa.Table]:
    """The same size, its orders dealt to all at one rate."""
    days = made_days(2, 900, 12, equal=True)
    return judged(days, month_ends(days)[::2])


def part(found: pa.Table, name: str) -> pd.DataFrame:
    return found.filter(pc.equal(found["part"], name)).to_pandas()


def scored(samples: pa.Table, found: pa.Table, discount: float = 0.0) -> pd.DataFrame:
    states = found.filter(pc.equal(found["part"], "state"))
    rows = samples.append_column("origin_month", samples["month"].cast(pa.date32()))
    rows = rows.append_column("fingerprint", pa.array(["f"] * len(rows)))
    values = value_scorer(states, SEED, discount)(rows)
    assert values.schema == VALUE_SCHEMA
    keys = ["month", "customer_id"]
    together = samples.to_pandas()[
        [*keys, "repeat_orders", "revenue_amount", "month_end_date"]
    ]
    together["month"] = pd.to_datetime(together["month"])
    own = values.to_pandas()
    own["month"] = pd.to_datetime(own["month"])
    return own.merge(together, on=keys, validate="one_to_one")


# -- The gate -------------------------------------------------------------------------


def test_what_is_published_is_better_than_the_rank_sum_or_is_it() -> None:
    _, found = made_shop()
    rows = part(found, "judgement")
    orders = rows[rows["target"] == "orders"]
    assert (orders.groupby("origin_month")["is_published"].sum() <= 1).all()
    published = orders[orders["is_published"]]
    assert len(published) >= 5
    own = published["model"] == RANK_SUM
    assert (published.loc[~own, "gain_low"] > 0).all()
    assert (published["auc_low"] > 0.5).all()
    said = part(found, "state").set_index("origin_month")["reason"]
    for month in published.loc[own, "origin_month"]:
        assert said[month].startswith(SAME_AS_RANKS[:-1])


def test_trap_of_orders_dealt_at_equal_rates_no_ranking_is_published() -> None:
    samples, found = equal_shop()
    rows = part(found, "judgement")
    assert len(rows) > 10
    assert not rows["is_published"].any()
    values = scored(samples, found)
    assert values["order_90d_probability"].isna().all()
    assert values["value_12m_amount"].isna().all()
    assert values["unscored_reason"].notna().all()
    assert values["clock_state"].notna().all()


@needs_cdnow
def test_trap_boosting_that_looks_best_in_sample_is_not_chosen_on_cdnow() -> None:
    days = cdnow_days()
    ends = list(pd.date_range("1997-03-31", "1997-09-30", freq="ME"))
    samples = samples_of(days[days["order_date"] <= ends[-1]], ends)
    record = ValueRecord(read_origins(samples), SEED)
    place = len(record.origins) - 3
    origin = record.origins[place]
    came = (origin.outcomes[30][0] > 0).astype(float)
    features = order_features(record.chosen_purchases(place, ["nbd"]), origin.state, 30)
    trained = train_boosting(features, came, SEED)
    ranks = record.ranked(place, 30)[RANK_SUM]
    in_sample = area_under_curve(came, trained.odds(features))
    assert in_sample > area_under_curve(came, ranks) + 0.03
    found = judge_values(lambda: samples, fingerprints(samples), SEED)
    rows = part(found, "judgement")
    latest = rows[rows["origin_month"] == rows["origin_month"].max()]
    (chosen,) = latest[(latest["target"] == "orders") & latest["is_published"]]["model"]
    assert chosen != BOOSTING


def test_trap_training_and_scoring_share_no_window() -> None:
    """Every outcome that an origin learns from was over by its end."""
    samples, _ = made_shop()
    record = ValueRecord(read_origins(samples), SEED)
    for place, origin in enumerate(record.origins):
        for horizon in (90, 365):
            for past in (
                record.trained(place, horizon),
                record.evidence(place, horizon),
            ):
                for earlier in past.origins:
                    end = record.origins[earlier].end
                    assert earlier < place
                    assert end + past.horizon <= origin.end


def test_nothing_said_at_an_origin_depends_on_what_came_later() -> None:
    days = made_days(3, 300, 14)
    ends = month_ends(days)[::2]
    _, whole = judged(days, ends)
    cut = ends[-3]
    later = days[days["order_date"] <= cut]
    _, before = judged(later, ends[:-2])
    known = pc.field("judged_month") <= pa.scalar(cut.date(), pa.date32())
    assert whole.filter(known).equals(before)


def test_an_origin_that_is_known_is_not_judged_again() -> None:
    samples, found = made_shop()

    def never() -> pa.Table:
        raise AssertionError("Nothing is new: samples were read all the same.")

    again = judge_values(never, fingerprints(samples), SEED, found)
    assert again.equals(found)
    other = fingerprints(samples).slice(0, samples["month"].to_pandas().nunique() - 1)
    fewer = judge_values(never, other, SEED, found)
    assert fewer.num_rows < found.num_rows


def test_the_paired_bootstrap_sees_whether_a_difference_is_chance() -> None:
    generator = np.random.default_rng(0)
    better, same = generator.normal(1, 1, 400), generator.normal(0, 1, 400)
    for values, is_sure in ((better, True), (same, False)):
        moved = (values - values.mean()) / len(values)
        low, high = redrawn_interval(moved, np.arange(400), values.mean(), 0)
        assert low < values.mean() < high
        assert (low > 0) == is_sure


# -- Values ---------------------------------------------------------------------------


def test_trap_one_time_buyers_have_a_row_each() -> None:
    samples, found = made_shop()
    values = scored(samples, found)
    assert len(values) == samples.num_rows
    once = values[values["repeat_orders"] == 0]
    assert len(once) > 100
    late = once[once["unscored_reason"].isna()]
    assert late["order_90d_probability"].between(0, 1).all()
    assert (late["value_12m_amount"] >= 0).all()
    assert (once["clock_state"] == "unknown").all()


def test_trap_no_next_order_date_is_past_or_of_who_will_hardly_order() -> None:
    samples, found = made_shop()
    values = scored(samples, found)
    dated = values[values["next_days"].notna()]
    assert len(dated) > 500
    assert (dated["next_from_days"] >= 1).all()
    assert (dated["next_from_days"] <= dated["next_days"]).all()
    assert (dated["next_days"] <= dated["next_until_days"]).all()
    unlikely = values["order_90d_probability"] < LEAST_PROBABILITY
    assert unlikely.any()
    assert (values["next_days"].isna() == ~(~unlikely & values["model"].notna())).all()


def test_trap_negative_net_spend_has_a_value_of_zero_or_more() -> None:
    days = made_days(1, 900, 20)
    taken = days["customer_id"] == days["customer_id"].iloc[0]
    days.loc[taken, "amount"] = -50.0
    samples, found = judged(days, month_ends(days)[::2])
    values = scored(samples, found)
    own = values[(values["revenue_amount"] < 0) & values["model"].notna()]
    assert len(own) >= 1
    for name in ("value_12m_amount", "lower_80_value_12m_amount"):
        assert (values[name].dropna() >= 0).all()


def test_trap_worth_while_active_has_no_chance_of_leaving_in_it() -> None:
    """Of two alike but for their silence, only the chance of an order differs."""
    samples, found = made_shop()
    row = samples.slice(samples.num_rows - 1)
    twins = pa.concat_tables([row, row])
    silences = {"last_repeat_days": [200.0, 20.0], "observed_days": [210.0, 210.0]}
    silences |= {"repeat_orders": [5.0, 5.0], "customer_id": ["a", "b"]}
    silences |= {"recency_rank": [0.9, 0.2]}
    for name, values in silences.items():
        place = twins.column_names.index(name)
        twins = twins.set_column(place, name, pa.array(values))
    here, gone = scored(twins, found).itertuples()
    assert here.order_90d_probability > gone.order_90d_probability
    assert here.value_12m_if_active_amount == pytest.approx(
        gone.value_12m_if_active_amount
    )


def test_trap_discounting_is_none_unless_asked_for() -> None:
    samples, found = made_shop()
    plain, less = scored(samples, found), scored(samples, found, 0.1)
    ratio = (less["value_12m_amount"] / plain["value_12m_amount"]).dropna()
    assert ratio.to_numpy() == pytest.approx(discounting(0.1))
    assert discounting(0.0) == 1.0


def test_a_row_is_scored_alike_whoever_else_is() -> None:
    samples, found = made_shop()
    whole = scored(samples, found)
    some = scored(samples.take(list(range(0, samples.num_rows, 7))), found)
    keys = ["month", "customer_id"]
    both = some.merge(whole, on=keys, suffixes=("", "_whole"))
    assert len(both) == len(some)
    for name in ("order_90d_probability", "value_12m_amount", "usual_gap_days"):
        assert both[name].equals(both[f"{name}_whole"])


def test_no_rows_give_no_values() -> None:
    samples, found = made_shop()
    assert len(scored(samples.slice(0, 0), found)) == 0


# -- Bands ----------------------------------------------------------------------------


def shapes_at(values: np.ndarray) -> tuple[Shapes, dict[str, np.ndarray]]:
    shapes = simulate_shapes(NBD, Amounts(50.0, 1.0, 0.5, 0.5), 365, SEED)
    state = {"repeat_orders": values, "observed_days": np.full(len(values), 300.0)}
    return shapes, state


def test_trap_a_band_of_the_customer_is_not_that_of_the_mean() -> None:
    """Half who are expected to spend something spend nothing: it is in the band."""
    shapes, state = shapes_at(np.array([0.0, 20.0]))
    low, high = shapes.ends(
        state, np.array([30.0, 900.0]), np.array([0.4, 1.0]), (0.1, 0.9)
    )
    assert low[0] == 0
    assert high[0] > 60
    assert 0 < low[1] < 600
    assert 1000 < high[1] < 2500


def test_bands_hold_customers_who_are_as_simulated() -> None:
    generator = np.random.default_rng(4)
    size = 20_000
    amounts = Amounts(50.0, 1.0, 0.5, 0.5)
    x = generator.poisson(3.0, size).astype(float)
    T = np.full(size, OBSERVED[6])
    x = np.minimum(x, 8)
    x = REPEATS[np.searchsorted(REPEATS, x)]
    rate = generator.gamma(0.8 + x, 1 / (60 + T))
    orders = generator.poisson(rate * 365)
    open_share = 0.5 * 1 / (1 + x + 1)
    means = 50 * generator.gamma(1 / open_share, open_share)
    paid = (
        means
        * orders
        * generator.gamma(np.maximum(orders, 1) / 0.5, 0.5 / np.maximum(orders, 1))
    )
    state = {"repeat_orders": x, "observed_days": T}
    chance = NBD.order_probability(x, x * 0, T, 365)
    values = NBD.expected_orders(x, x * 0, T, 365) * 50
    shapes = simulate_shapes(NBD, amounts, 365, SEED)
    below, at = shapes.places(state, values, chance, paid)
    fell = randomised_places(below, at, generator)
    share, low, high = held_share(fell, np.arange(size), 0)
    assert 0.78 < share < 0.82
    assert low < share < high


def test_trap_a_sum_of_upper_bounds_is_no_bound_of_the_sum() -> None:
    """A thousand alike: their sum is far more certain than each of them."""
    shapes, state = shapes_at(np.full(1000, 3.0))
    values, chance = np.full(1000, 120.0), np.full(1000, 0.8)
    low, high = shapes.ends(state, values, chance, (0.1, 0.9))
    assert high.sum() / values.sum() - 1 > 0.5
    assert values.sum() / max(low.sum(), 1) > 2


def test_a_band_of_a_sum_has_what_is_shared_and_what_is_not() -> None:
    alone = SumBand(0.0, 1.0, 1.2816, 4)
    assert alone.spread(np.array([50.0, 50.0])) == pytest.approx(1 / np.sqrt(2))
    shared = SumBand(0.2, 0.0, 1.2816, 4)
    assert shared.spread(np.full(900, 5.0)) == pytest.approx(0.2 * np.sqrt(1.25))


def test_sums_have_a_band_once_half_the_year_was_seen() -> None:
    """And it is what earlier origins were off, whatever came after the own one."""
    samples, found = made_shop()
    rows = part(found, "judgement")
    amounts = rows[rows["target"] == "amounts"].dropna(subset="customers")
    assert amounts["horizon_days"].min() < 182 <= amounts["horizon_days"].max()
    has_band = amounts["sum_reach"].notna()
    assert (has_band == (amounts["horizon_days"] >= 182)).all()
    assert (has_band == amounts["origin_spread"].notna()).all()
    origins = read_origins(samples)
    place = len(origins) - 2
    own = replace(
        origins[place],
        outcomes={
            horizon: (orders * 9, amount * 9)
            for horizon, (orders, amount) in origins[place].outcomes.items()
        },
    )
    bands = [
        sum_band(ValueRecord(kept, SEED), place, 365, EXPECTED)
        for kept in (origins, [*origins[:place], own])
    ]
    assert bands[0] is not None
    assert bands[0] == bands[1]


def test_the_reach_of_sums_is_what_held_eight_of_ten_before() -> None:
    """Totals that were off by less than was feared have a shorter band."""
    samples, _ = made_shop()
    record = ValueRecord(read_origins(samples), SEED)
    bands = [
        sum_band(record, place, 365, LAST_YEAR) for place in range(len(record.origins))
    ]
    reaches = {band.sum_reach for band in bands if band is not None}
    assert reaches
    assert all(0.05 < reach < NORMAL_REACH for reach in reaches)


# -- Clocks ---------------------------------------------------------------------------


def test_a_clock_goes_by_own_gaps() -> None:
    clock = Clock(shape=2.0, prior_shape=3.0, prior_days=60.0)
    state = {
        "repeat_orders": np.array([20.0, 20.0, 0.0]),
        "last_repeat_days": np.array([200.0, 1200.0, 0.0]),
    }
    usual = clock.usual_gap(state)
    assert usual[0] == pytest.approx(10, rel=0.15)
    assert usual[1] == pytest.approx(60, rel=0.15)
    assert usual[2] == pytest.approx(30)
    shorter = clock.shorter_share(state, np.full(3, 30.0))
    assert shorter[0] > 0.95 > 0.5 > shorter[1]


def test_given_the_silence_the_next_order_is_ahead() -> None:
    clock = Clock(shape=2.0, prior_shape=3.0, prior_days=60.0)
    state = {"repeat_orders": np.full(4, 5.0), "last_repeat_days": np.full(4, 100.0)}
    silence = np.array([0.0, 20.0, 60.0, 5000.0])
    days = np.array([clock.next_days(state, silence, q) for q in (0.1, 0.5, 0.9)])
    assert (days >= 0).all()
    assert (np.diff(days, axis=0) >= 0).all()
    # Who is silent far beyond her gap is expected ever later.
    assert days[1, 3] > days[1, 2] > days[1, 1]


def test_gaps_without_repeats_give_a_clock_all_the_same() -> None:
    state = {name: np.zeros(3) for name in STATE_COLUMNS}
    clock = read_clock(state)
    assert np.isfinite(clock.usual_gap(state)).all()


# -- What is stored -------------------------------------------------------------------


def test_what_was_trained_is_the_same_after_it_was_stored() -> None:
    samples, _ = made_shop()
    record = ValueRecord(read_origins(samples), SEED)
    place = len(record.origins) - 1
    ranker = record.ranker(place, 90)
    state = record.origins[place].state
    before = ranker.scores(state)
    after = ranker_of(ranker.as_text()).scores(state)
    assert set(before) == set(after)
    assert BOOSTING in before
    for name, values in before.items():
        assert (values == after[name]).all(), name


def test_own_trees_say_what_scikit_learn_says() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    generator = np.random.default_rng(0)
    features = generator.normal(size=(600, 4))
    came = (features[:, 0] + generator.normal(size=600) > 0).astype(float)
    ours = train_boosting(features, came, SEED)
    theirs = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, min_samples_leaf=40, random_state=SEED
    ).fit(features, came)
    assert ours.odds(features) == pytest.approx(theirs.decision_function(features))


def test_records_have_types_without_rows() -> None:
    months = pa.table({"month": [], "fingerprint": []})
    found = judge_values(lambda: None, months, SEED)
    assert found.schema == RECORD_SCHEMA


@pytest.mark.parametrize("customers", [1, 3])
def test_a_shop_of_few_customers_says_that_nothing_is_known(customers: int) -> None:
    days = made_days(5, customers, 8)
    samples, found = judged(days, month_ends(days)[::2])
    values = scored(samples, found)
    assert len(values) == samples.num_rows
    assert values["value_12m_amount"].isna().all()
    assert values["unscored_reason"].notna().all()


def test_all_orders_on_one_day_say_that_nothing_is_known() -> None:
    days = made_days(6, 50, 8)
    days = days.drop_duplicates("customer_id")
    days["order_date"] = pd.Timestamp("2016-01-15")
    ends = list(pd.date_range("2016-03-31", periods=6, freq="ME"))
    samples, found = judged(days, ends)
    values = scored(samples, found)
    assert values["unscored_reason"].notna().all()
    assert json.loads(part(found, "state")["parameters"].iloc[-1])["clock"]


def test_amounts_in_yen_change_nothing_but_the_unit() -> None:
    days = made_days(7, 400, 12)
    ends = month_ends(days)[::3]
    yen = days.assign(amount=days["amount"] * 128)  # exact in doubles
    here, there = (scored(*judged(one, ends)) for one in (days, yen))
    assert here["unscored_reason"].isna().any()
    for name in ("model", "value_model", "clock_state", "unscored_reason"):
        assert there[name].tolist() == here[name].tolist(), name
    near = {"nan_ok": True, "rel": 0.02}
    for name in ("order_90d_probability", "expected_orders_12m", "next_days"):
        assert there[name].tolist() == pytest.approx(here[name].tolist(), **near)
    for name in (
        "value_12m_amount",
        "value_12m_if_active_amount",
        "lower_80_value_12m_amount",
        "upper_80_value_12m_amount",
    ):
        assert there[name].sum() == pytest.approx(128 * here[name].sum(), rel=0.02)


def all_one_time() -> tuple[pd.DataFrame, list[pd.Timestamp]]:
    """Nobody orders twice."""
    days = made_days(8, 300, 10)
    return days.drop_duplicates("customer_id"), month_ends(days)[::2]


def three_months() -> tuple[pd.DataFrame, list[pd.Timestamp]]:
    """A shop that opened three months ago."""
    days = made_days(9, 300, 3)
    return days, month_ends(days, 1)


def returns_only() -> tuple[pd.DataFrame, list[pd.Timestamp]]:
    """Everything comes back: no amount is above 0."""
    days = made_days(10, 300, 10)
    return days.assign(amount=-days["amount"]), month_ends(days)[::2]


def month_missing() -> tuple[pd.DataFrame, list[pd.Timestamp]]:
    """A month whose orders are not in the data."""
    days = made_days(12, 400, 14)
    months = days["order_date"].dt.to_period("M")
    return days[months != pd.Period("2016-09", "M")], month_ends(days)[::2]


def has_no_number(values: pd.DataFrame) -> bool:
    """Whether nothing is said of what is to come, and a reason why."""
    said = values.filter(regex="_12m_|_if_active_|_probability$|^next_")
    assert said.shape[1] >= 8
    reasons = values["unscored_reason"].notna().all()
    return bool(reasons and said.isna().all(axis=None))


def test_a_shop_of_one_time_buyers_says_that_nothing_is_known() -> None:
    samples, found = judged(*all_one_time())
    values = scored(samples, found)
    assert len(values) == samples.num_rows
    assert has_no_number(values)
    assert (values["clock_state"] == "unknown").all()


def test_a_shop_of_three_months_is_scored_once_an_outcome_is_known() -> None:
    samples, found = judged(*three_months())
    values = scored(samples, found)
    latest = values["month"] == values["month"].max()
    assert has_no_number(values[~latest])
    told = values[latest]
    assert told["unscored_reason"].isna().all()
    assert (told["value_12m_amount"] >= 0).all()
    # The record is of thirty days: no total of a year can be held against it.
    rows = part(found, "judgement")
    assert set(rows["horizon_days"].dropna()) <= {30, 90, 365}
    amounts = rows[(rows["target"] == "amounts")]
    assert (amounts["horizon_days"] == 30).all()
    assert amounts["origin_spread"].isna().all()


@pytest.mark.parametrize("shop", [returns_only, month_missing])
def test_a_shop_that_is_odd_has_numbers_within_reason(shop) -> None:
    samples, found = judged(*shop())
    values = scored(samples, found)
    assert len(values) == samples.num_rows
    told = values[values["unscored_reason"].isna()]
    assert len(told)
    amounts = told.filter(regex="_12m_amount$|if_active_amount$")
    assert np.isfinite(amounts).all(axis=None)
    assert (amounts >= 0).all(axis=None)
    assert told["order_90d_probability"].between(0, 1).all()
    if shop is returns_only:
        assert (amounts == 0).all(axis=None)
    else:
        # A month without data is a gap in it, not the end of everybody.
        after = told[told["month"] >= "2016-09-01"]
        assert after.groupby("month")["value_12m_amount"].sum().gt(0).all()


def test_a_customer_of_ten_thousand_orders_is_scored_within_reason() -> None:
    samples, found = made_shop()
    latest = samples.filter(pc.equal(samples["month"], pc.max(samples["month"])))
    row = latest.slice(0, 1).to_pylist()[0] | {"customer_id": "many"}
    row |= {"repeat_orders": 10_000.0, "last_repeat_days": 10_000.0}
    row |= {"observed_days": 10_000.0, "gap_squares": 10_000.0}
    row |= {"order_days_1_months": 31.0, "order_days_3_months": 92.0}
    row |= {"order_days_6_months": 182.0, "order_days_12_months": 365.0}
    row |= {"revenue_amount": 1e6, "revenue_12_months_amount": 36_500.0}
    row |= dict.fromkeys(("recency_rank", "frequency_rank", "monetary_rank"), 1.0)
    rows = pa.concat_tables([latest, pa.Table.from_pylist([row], schema=latest.schema)])
    values = scored(rows, found)
    own = values[values["customer_id"] == "many"].iloc[0]
    assert own.order_90d_probability > 0.5
    assert 0 < own.expected_orders_12m < 400
    assert 0 < own.value_12m_amount < 60_000
    assert own.next_days >= 1


def test_the_gini_of_what_came_is_one() -> None:
    amounts = np.array([0.0, 0.0, 3.0, 10.0])
    assert normalised_gini(amounts, amounts) == pytest.approx(1)
    assert normalised_gini(amounts, -amounts) < 0
    assert np.isnan(normalised_gini(amounts * 0, amounts))


def test_last_year_is_the_baseline_of_amounts() -> None:
    _, found = made_shop()
    rows = part(found, "judgement")
    amounts = rows[(rows["target"] == "amounts") & rows["is_published"]]
    own = amounts["model"] != LAST_YEAR
    assert (amounts.loc[own, "gain_low"] > 0).all()
    assert month_number(amounts["origin_month"].max()) > 0
    assert isinstance(Ranker([NBD], 90).as_text(), str)
