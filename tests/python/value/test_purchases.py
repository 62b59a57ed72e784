"""Models of purchases: published values of CDNOW, and what must not be got wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_builds import needs_data
from scipy.integrate import quad
from value_shops import CDNOW, histories, history_at, needs_cdnow

from benchmarks.data_sets.shop_days import cdnow_days, online_retail_days
from trajectories.value.measures import area_under_curve
from trajectories.value.purchases import (
    FITTED,
    MOST_HISTORIES,
    PurchaseModel,
    compress_histories,
    fit_purchases,
)

#: Fader, Hardie and Lee (2005a), to three digits, in weeks.
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
HORIZON = 39.0


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    """Histories of CDNOW's 2,357 customers in weeks to 1997-09-30, as published."""
    return pd.read_csv(CDNOW / "cdnow_customers_summary.csv")


@pytest.fixture(scope="module")
def known(summary: pd.DataFrame) -> tuple[np.ndarray, ...]:
    return tuple(summary[name].to_numpy() for name in ("frequency", "recency", "T"))


@pytest.fixture(scope="module")
def fitted(known: tuple[np.ndarray, ...]) -> dict[str, PurchaseModel]:
    table = compress_histories(histories(*known))
    return {name: fit_purchases(table, name) for name in FITTED}


@needs_cdnow
def test_bg_nbd_has_the_published_parameters(fitted: dict) -> None:
    found = fitted["bg_nbd"]
    golden = {"r": 0.24259, "alpha": 4.41353, "a": 0.79289, "b": 2.42575}
    assert found.parameters == pytest.approx(golden, abs=2e-5)
    assert found.log_likelihood == pytest.approx(-9582.426, abs=1e-3)
    assert not found.is_degenerate


@needs_cdnow
def test_pareto_nbd_has_the_published_parameters(fitted: dict) -> None:
    found = fitted["pareto_nbd"]
    golden = {"r": 0.55315, "alpha": 10.57633, "s": 0.60625, "beta": 11.67150}
    assert found.parameters == pytest.approx(golden, rel=4e-4)
    # Never less likely than what was published.
    assert -9594.976 <= found.log_likelihood < -9594.97
    assert not found.is_degenerate


@needs_cdnow
def test_expectations_of_bg_nbd_are_the_published_ones(fitted: dict) -> None:
    model = fitted["bg_nbd"]
    times = [0.1429, 1, 3, 31.8571, 32, 78]
    golden = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.858]
    assert model.expected_new_orders(np.array(times)) == pytest.approx(golden, abs=6e-5)
    one = model.expected_orders([2], [30.43], [38.86], HORIZON)
    assert one == pytest.approx([1.226], abs=5e-4)
    exact = PurchaseModel("bg_nbd", PUBLISHED, 0.0, 0.0, False)
    none = 1 - exact.order_probability([0], [0], [0], HORIZON)
    assert none == pytest.approx([0.5737864], abs=1e-7)


@needs_cdnow
def test_expectations_of_pareto_nbd_are_the_published_ones(fitted: dict) -> None:
    history = ([26], [30.86], [31])
    model = fitted["pareto_nbd"]
    assert model.expected_orders(*history, 52) == pytest.approx([25.46], abs=5e-3)
    assert model.alive_probability(*history) == pytest.approx([0.9979], abs=5e-5)


@needs_cdnow
def test_the_holdout_of_cdnow_is_forecast_as_published(fitted: dict, known) -> None:
    came = history_at(cdnow_days(), "1997-09-30", 273)["came"].to_numpy()
    assert came.sum() == 1882
    assert (came > 0).mean() == pytest.approx(0.291, abs=1.5e-3)
    said = fitted["bg_nbd"].expected_orders(*known, HORIZON)
    assert said.sum() / came.sum() - 1 == pytest.approx(-0.121, abs=1e-3)
    assert np.abs(said - came).mean() == pytest.approx(0.7855, abs=2e-3)
    means = {
        name: fitted[name].order_probability(*known, HORIZON).mean() for name in FITTED
    }
    assert means["bg_nbd"] == pytest.approx(0.263, abs=2e-3)
    assert means["pareto_nbd"] == pytest.approx(0.223, abs=2e-3)


@needs_cdnow
def test_week_78_of_cdnow_is_as_published(fitted: dict) -> None:
    """Customers come in over twelve weeks; each is expected from her own first day."""
    days = cdnow_days()
    first = days.groupby("customer_id")["order_date"].min()
    left = (pd.Timestamp("1997-01-01") + pd.Timedelta(weeks=78) - first).dt.days / 7
    weeks, counts = np.unique(left.to_numpy(), return_counts=True)
    said = fitted["bg_nbd"].expected_new_orders(weeks) @ counts
    assert len(days) - len(first) == pytest.approx(4339, abs=1)
    assert said == pytest.approx(4165.7, rel=3e-3)


@needs_cdnow
def test_trap_same_day_orders_are_counted_once(summary: pd.DataFrame) -> None:
    ours = history_at(cdnow_days(), "1997-09-30", 0)
    assert len(ours) == 2357
    # The first order is none of the repeats.
    assert (ours["x"].to_numpy() == summary["frequency"].to_numpy()).all()
    assert ours["t_x"].to_numpy() / 7 == pytest.approx(summary["recency"], abs=6e-3)
    assert ours["T"].to_numpy() / 7 == pytest.approx(summary["T"], abs=6e-3)


@needs_cdnow
def test_trap_time_is_measured_to_the_origin(fitted: dict, known) -> None:
    """Thirty days more without an order: every probability falls."""
    x, t_x, T = known
    for name in ("bg_nbd", "pareto_nbd"):
        before = fitted[name].order_probability(x, t_x, T, HORIZON)
        after = fitted[name].order_probability(x, t_x, T + 30 / 7, HORIZON)
        assert (after < before).all()


@needs_cdnow
@pytest.mark.parametrize("name", FITTED)
def test_trap_days_and_weeks_give_the_same(name: str, fitted: dict, known) -> None:
    x, t_x, T = known
    days = fit_purchases(compress_histories(histories(x, 7 * t_x, 7 * T)), name)
    here = fitted[name].order_probability(x, t_x, T, HORIZON)
    there = days.order_probability(x, 7 * t_x, 7 * T, 7 * HORIZON)
    assert np.abs(here - there).max() < 1e-6


@needs_cdnow
def test_trap_being_alive_is_no_churn_score(fitted: dict, known) -> None:
    came = history_at(cdnow_days(), "1997-09-30", 273)["came"].to_numpy() > 0
    model = fitted["bg_nbd"]
    alive = area_under_curve(came, model.alive_probability(*known))
    order = area_under_curve(came, model.order_probability(*known, HORIZON))
    assert alive == pytest.approx(0.316, abs=0.01)
    assert order > 0.75


@needs_cdnow
def test_trap_one_wholesaler_does_not_move_the_fit(known, fitted: dict) -> None:
    x, t_x, T = known
    kept = x <= np.quantile(x, 0.999)
    assert 0 < (~kept).sum() <= 3
    without = fit_purchases(
        compress_histories(histories(x[kept], t_x[kept], T[kept])), "bg_nbd"
    )
    here = fitted["bg_nbd"].order_probability(*known, HORIZON)
    there = without.order_probability(*known, HORIZON)
    assert np.abs(here - there).max() < 0.03


@needs_data("online_retail_ii")
def test_trap_twelve_months_do_not_identify_stopping() -> None:
    """Of Online Retail II; eighteen months do."""
    days = online_retail_days()
    days["order_date"] = pd.to_datetime(days["order_date"])
    said = {}
    for day in ("2010-12-09", "2011-06-09"):
        known = history_at(days, day, 0)
        table = compress_histories(histories(known["x"], known["t_x"], known["T"]))
        said[day] = fit_purchases(table, "bg_nbd").is_degenerate
    assert said == {"2010-12-09": True, "2011-06-09": False}


def poisson_shop(seed: int, size: int = 3000) -> pa.Table:
    """Customers with rates of their own, of whom nobody ever stops, after a year."""
    generator = np.random.default_rng(seed)
    T = generator.integers(60, 365, size).astype(float)
    x = generator.poisson(generator.gamma(0.8, 1 / 60, size) * T).astype(float)
    last = generator.beta(np.maximum(x, 1), 1, size) * T
    return compress_histories(histories(x, np.where(x > 0, np.floor(last), 0), T))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["bg_nbd", "pareto_nbd"])
def test_trap_stopping_that_is_not_identified_is_said(name: str, seed: int) -> None:
    found = fit_purchases(poisson_shop(seed), name)
    assert found.is_degenerate


def test_the_integral_of_dropping_out_is_right() -> None:
    """Held against a plain integral, also for many orders and for a power of 1."""
    model = PurchaseModel(
        "pareto_nbd", {"r": 0.5, "alpha": 9.0, "s": 0.6, "beta": 12.0}, 0, 0, False
    )
    quick = {"r": 0.5, "alpha": 900.0, "s": 90.0, "beta": 30.0}
    for x, t_x, T in [
        (0, 0, 40),
        (0.5, 3, 40),
        (3, 20, 31),
        (200, 300, 301),
        (1, 2, 9),
    ]:
        if T == 9:  # where many leave at once
            model = PurchaseModel("pareto_nbd", quick, 0, 0, False)
        r, alpha, s, beta = model.parameters.values()

        power = r + x
        gone, _ = quad(
            lambda u, power=power, T=T, s=s, alpha=alpha, beta=beta: (
                s * (beta + u) ** -(s + 1) * ((alpha + T) / (alpha + u)) ** power
            ),
            *(t_x, T),
            epsabs=0,
            epsrel=1e-10,
            limit=200,
        )
        alive = 1 / (1 + gone * (beta + T) ** s)
        assert model.alive_probability([x], [t_x], [T]) == pytest.approx([alive], 1e-7)


def test_a_customer_of_ten_thousand_orders_has_numbers() -> None:
    table = pa.concat_tables(
        [poisson_shop(0), compress_histories(histories([10_000], [360], [364]))]
    )
    for name in FITTED:
        model = fit_purchases(table, name)
        numbers = [
            model.order_probability([10_000], [364], [364], 90),
            model.expected_orders([10_000], [364], [364], 365),
        ]
        assert np.isfinite(numbers).all()
        assert 0.5 < numbers[0] <= 1


@pytest.mark.parametrize("name", FITTED)
def test_all_one_time_buyers_have_numbers(name: str) -> None:
    T = np.arange(30.0, 130.0)
    model = fit_purchases(compress_histories(histories(T * 0, T * 0, T)), name)
    said = model.order_probability(T * 0, T * 0, T, 90)
    assert (np.isfinite(said) & (said >= 0) & (said < 0.1)).all()


def test_nobody_observed_is_said() -> None:
    table = compress_histories(histories([0], [0], [0]))
    with pytest.raises(ValueError, match="No customer is observed for any time"):
        fit_purchases(table, "nbd")
    with pytest.raises(ValueError, match="Unknown model 'weibull'"):
        fit_purchases(table, "weibull")
    with pytest.raises(ValueError, match="1 of 2 customers"):
        compress_histories(histories([1, 1], [9, 5], [8, 8]))


def test_many_histories_are_laid_on_a_grid_and_nobody_is_lost() -> None:
    generator = np.random.default_rng(3)
    T = generator.uniform(30, 760, 20_000)
    x = generator.poisson(T / 200).astype(float)
    t_x = np.where(x > 0, T * generator.uniform(0, 1, len(T)), 0)
    table = compress_histories(histories(x, t_x, T))
    assert table.num_rows <= MOST_HISTORIES
    counts = table["customers"].to_numpy()
    assert counts.sum() == len(T)
    for name, values in (("repeat_orders", x), ("observed_days", T)):
        assert counts @ table[name].to_numpy() == pytest.approx(values.sum(), rel=0.01)
    late = table["last_repeat_days"].to_numpy() > table["observed_days"].to_numpy()
    assert not late.any()


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 700)), min_size=5, max_size=40
    )
)
@settings(max_examples=25, deadline=None)
def test_whatever_the_histories_probabilities_are_probabilities(rows) -> None:
    x, T = np.array(rows, dtype=float).T
    t_x = np.where(x > 0, np.minimum(T, 1 + T // 2), 0)
    table = compress_histories(histories(x, t_x, T))
    for name in FITTED:
        model = fit_purchases(table, name)
        said = model.order_probability(x, t_x, T, 90)
        assert ((said >= 0) & (said <= 1)).all()
        longer = model.order_probability(x, t_x, T, 180)
        assert (longer >= said - 1e-6).all()
        if not model.is_degenerate:
            expected = model.expected_orders(x, t_x, T, 90)
            assert (expected >= said - 1e-7).all()
