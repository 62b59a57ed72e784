"""What the benchmark of ``rhythm`` reads, and what it says."""

import numpy as np
import pandas as pd
import pytest
from trial_shops import frames_of, planted_shop

from benchmarks.data_sets import other_shop
from benchmarks.data_sets.other_shop import DAILY_KINDS, DATES, KINDS, make_other_shop
from benchmarks.data_sets.shop_frames import DAILY_SPEND, ShopFrames
from benchmarks.rhythm import HEADER, Case, report


def test_a_seed_gives_a_shop():
    orders, kinds = make_other_shop(3)
    again, _ = make_other_shop(3)
    pd.testing.assert_frame_equal(orders, again)
    assert len(make_other_shop(4)[0]) != len(orders)
    assert 5 <= kinds.nunique() <= 9
    assert set(kinds) <= set(KINDS)
    assert (orders["amount"] > 0).all()
    assert orders["order_date"].between(DATES[0], DATES[-1]).all()
    assert set(make_other_shop(3, daily=True)[1]) == set(DAILY_KINDS)


@pytest.mark.parametrize("name", sorted({**KINDS, **DAILY_KINDS}))
def test_customers_order_as_often_as_their_kind(name):
    """Orders of the last quarter: as many as expected, where they are expected."""
    kind = {**KINDS, **DAILY_KINDS}[name]
    generator = np.random.default_rng(0)
    _, day, _ = other_shop._orders(generator, kind, 400)
    expected = np.broadcast_to(kind.rate(generator, 1000), (1000, len(DATES)))
    expected = expected.mean(axis=0) + other_shop.BACKGROUND_ORDERS
    found = np.bincount(day, minlength=len(DATES)) / 400 / other_shop.KEPT_SHARE
    last = slice(-90, None)
    assert found[last].sum() == pytest.approx(expected[last].sum(), rel=0.12)
    thirds = (x[last].reshape(3, 30).sum(axis=1) for x in (found, expected))
    np.testing.assert_allclose(*thirds, rtol=0.2, atol=0.4)


def test_frames_are_those_of_a_build():
    orders, _ = planted_shop(30)
    wanted = frames_of(orders)
    shop = ShopFrames(DAILY_SPEND, orders[["customer_id", "order_date", "amount"]])
    found = shop.of(list(shop.ids))
    rows = wanted["series"].to_pandas().query("series == 'daily_spend'")
    for one, other in zip(
        found["series"].to_pandas()["series_values"], rows["series_values"], strict=True
    ):
        np.testing.assert_array_equal(one, other)
    pd.testing.assert_frame_equal(found["months"], wanted["months"])
    stages = wanted["stages"].query("series == 'daily_spend'").reset_index(drop=True)
    pd.testing.assert_frame_equal(found["stages"].reset_index(drop=True), stages)


def test_background_kinds_do_not_count():
    orders, kinds = planted_shop(90)
    kinds = kinds.replace("large", "Steady Customers")
    case = Case.of("planted", orders[["customer_id", "order_date", "amount"]], kinds)
    assert case.true_kinds == 2
    labels = np.where(case.kinds == "weekly", 0, 1)
    labels[case.kinds == "Steady Customers"] = 5
    assert case.agreement(labels) == 1.0
    assert case.agreement(np.zeros(len(labels), int)) == 0.0


def test_a_goal_that_is_missed_is_called_missed():
    def row(agreement, segments):
        values = dict.fromkeys(HEADER, 0.5)
        values |= {"shop": "s", "reason": "r", "kinds": 8, "segments": segments}
        return {**values, "adjusted Rand": agreement}

    good, low, far = row(0.93, 9), row(0.89, 8), row(0.93, 10)
    assert report([good, good], [], []).count("| yes |") == 2
    missed = report([good, low], [], [])
    assert "0.93, 0.89 | no |" in missed
    assert "at most 1 away | yes |" in missed
    assert "at most 2 away | no |" in report([good, far], [], [])
