"""Who gets which arm: balanced, by nothing but a hash, the same on every engine."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from experiment_rooms import LAST_DAY, arms, customers, plan, run_rooms
from scipy import stats

pytestmark = pytest.mark.long

SHARES = [
    {"standard": 0.5, "new": 0.5},
    {"standard": 0.1, "new": 0.9},
    {"standard": 0.3333, "a": 0.3333, "b": 0.3334},
    {"standard": 0.05, "a": 0.15, "b": 0.35, "c": 0.45},
]


def assigned(given: dict, *, threads: int = 2) -> pd.DataFrame:
    with run_rooms(given, threads=threads) as database:
        return database.execute(
            "select experiment, customer_id, arm, stratum, is_control"
            " from marts.fct_experiment_assignments order by all"
        ).df()


def shop(number: int, plans: pd.DataFrame, **shares: float) -> dict:
    return {
        **customers(number),
        "stg_retail__experiments": plans,
        "stg_retail__experiment_arms": arms(plans, **shares),
    }


@pytest.mark.parametrize("shares", SHARES, ids=lambda it: f"{len(it)} arms")
@pytest.mark.parametrize("number", [3, 47, 1_000])
def test_each_stratum_is_divided_to_one_customer(number: int, shares: dict) -> None:
    plans = plan("t", segmentation="value")
    found = assigned(shop(number, plans, **shares))
    assert len(found) == number
    counts = found.groupby(["stratum", "arm"]).size().unstack(fill_value=0)
    sizes = counts.sum(axis=1)
    for arm, share in shares.items():
        off = (counts.get(arm, 0) - sizes * share).abs()
        assert (off < 1.01).all(), (arm, off.max())
        # Strata take turns, so that what does not divide adds up to nothing.
        assert abs(counts.get(arm, sizes * 0).sum() - number * share) < 2


def test_neither_the_order_of_rows_nor_threads_matter() -> None:
    given = shop(500, plan("t", "u", segmentation="value"))
    given["stg_retail__experiments"].loc[1, "primary_metric"] = "orders"
    first = assigned(given)
    shuffled = {
        name: frame.sample(frac=1, random_state=3) for name, frame in given.items()
    }
    pd.testing.assert_frame_equal(first, assigned(shuffled, threads=1))


def test_the_order_is_that_of_the_text_of_the_hash() -> None:
    """What any engine, or a person, can do again: MD5 of salt and id, as text."""
    given = shop(60, plan("t"))
    with run_rooms(given) as database:
        (salt,) = database.execute("select salt from marts.dim_experiments").fetchone()
    found = assigned(given)
    for _, stratum in found.groupby("stratum"):
        order = sorted(
            stratum["customer_id"],
            key=lambda it: hashlib.md5(f"{salt}:{it}".encode()).hexdigest(),
        )
        controls = set(stratum.loc[stratum["is_control"], "customer_id"])
        assert set(order[: len(controls)]) == controls


def test_a_thousand_salts_give_independent_arms() -> None:
    """Tests one after the other on the same customers: arms say nothing of arms."""
    plans = plan(*(f"t{n:04d}" for n in range(1_000)), planned_weeks=1)
    weeks = pd.to_timedelta(7 * np.arange(1_000), "D")
    plans["start_date"] = LAST_DAY + pd.Timedelta(days=1) + weeks
    found = assigned(shop(300, plans))
    is_new = found.pivot(
        index="customer_id", columns="experiment", values="is_control"
    ).to_numpy(float)
    assert is_new.shape == (300, 1_000)
    both = (is_new[:, :-1] * is_new[:, 1:]).sum(axis=0)
    ones = is_new.sum(axis=0)
    expected = ones[:-1] * ones[1:] / 300
    spread = np.sqrt(expected * (300 - ones[:-1]) * (300 - ones[1:]) / (300 * 299))
    p = 2 * stats.norm.sf(np.abs(both - expected) / spread)
    # Counts are whole: a p is a step. Uniform to what steps allow.
    assert abs((p <= 0.05).mean() - 0.05) < 0.025
    assert abs((p <= 0.5).mean() - 0.5) < 0.08
    # Nobody is more often treated than others.
    often = is_new.sum(axis=1)
    assert stats.kstest((often - 500) / np.sqrt(250), "norm").pvalue > 0.001


def test_balance_is_as_chance_has_it_over_a_thousand_salts() -> None:
    """The p-value of a difference in a trait that is in no stratum is uniform."""
    plans = plan(*(f"t{n:04d}" for n in range(1_000)), planned_weeks=1)
    weeks = pd.to_timedelta(7 * np.arange(1_000), "D")
    plans["start_date"] = LAST_DAY + pd.Timedelta(days=1) + weeks
    found = assigned(shop(400, plans))
    trait = pd.Series(
        np.random.default_rng(1).normal(size=400),
        index=customers(400)["int_segment_memberships"]["customer_id"],
    )
    found["trait"] = found["customer_id"].map(trait)
    parts = found.groupby(["is_control", "experiment"])["trait"].agg(
        ["mean", "std", "size"]
    )
    new, old = (parts.loc[which].to_numpy().T for which in (False, True))
    p = stats.ttest_ind_from_stats(*new, *old, equal_var=False).pvalue
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_tests_at_once_on_one_metric_share_nobody() -> None:
    plans = plan("a", "b", "c", segmentation="value")
    plans["segment_id"] = ["value-1", None, "value-2"]
    plans.loc[2, "primary_metric"] = "orders"
    found = assigned(shop(300, plans))
    of = found.groupby("experiment")["customer_id"].agg(set)
    assert not of["a"] & of["b"]
    assert of["c"] <= of["b"]
    assert len(of["a"] | of["b"]) == 300
