"""Chances of changes: they hold where nobody changed, and see who did."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma, nbinom

from trajectories.changes import (
    CHANGE_SCHEMA,
    LEAST_P,
    count_chances,
    longer_silence,
    measure_changes,
)
from trajectories.value.measures import area_under_curve

DAYS_BEFORE, DAYS_AFTER = 365, 60
#: A customer who orders every twelve days, for 50 or so, of two product lines.
USUAL = {
    "silence_days": 12,
    "gaps": 34,
    "gap_days": 408,
    "gap_squares": 34 * (12**2 + 9**2),
    "exposed_days": DAYS_BEFORE,
    "repeats_before": 30,
    "order_days_after": 5,
    "month_days": 30,
    "earlier_month_days": 30,
    "spent_days_before": 30,
    "logs_before": 30 * 3.9,
    "log_squares_before": 30 * (3.9**2 + 0.4),
    "spent_days_after": 5,
    "logs_after": 5 * 3.9,
    "log_squares_after": 5 * (3.9**2 + 0.4),
    "least_log_after": 3.2,
    "largest_log_after": 4.6,
    "rate_shape": 1.0,
    "rate_days": 20.0,
    "gap_variation": 0.6,
    "log_variance": 0.4,
    "ratio": 1.0,
    "earlier_ratio": 1.0,
    "log_change": 0.0,
    **{f"days_{n}_before": 15 if n < 3 else 0 for n in range(1, 9)},
    **{f"days_{n}_after": [0, 3, 2][n] if n < 3 else 0 for n in range(1, 9)},
    **{f"change_{n}": 1.0 for n in range(1, 9)},
    **{f"shop_share_{n}": 0.5 if n < 3 else 0.0 for n in range(1, 9)},
}


def states(*changes: dict) -> pa.Table:
    """A row for each customer: the usual one, and what is other of her."""
    rows = [{"customer_id": str(n), "segment_id": "s", "month": None} for n in
            range(len(changes))]  # fmt: skip
    return pa.Table.from_pylist(
        [
            {**row, "fingerprint": "f", **USUAL, **change}
            for row, change in zip(rows, changes, strict=True)
        ]
    )


def chances(channel: str, *changes: dict) -> list[float | None]:
    return measure_changes(states(*changes))[f"{channel}_p_value"].to_pylist()


def lived(
    generator: np.random.Generator, customers: int, after: float = 1.0, shape: float = 2
) -> pa.Table:
    """States of made-up customers whose gaps grow by a factor 60 days before the end.

    Means of gaps vary by a gamma law over customers; None: they stop.
    """
    found = []
    rates = generator.gamma(4.0, 1 / 48.0, customers)
    for rate in rates:
        steps = generator.gamma(shape, 1 / rate / shape, 400)
        days = np.cumsum(steps) - generator.uniform(1000, 1100) - DAYS_AFTER
        late = days > -DAYS_AFTER
        days[late] = -DAYS_AFTER + after * (days[late] + DAYS_AFTER)
        days = np.unique(np.ceil(days)[(days <= 0)])
        days = days[days > -DAYS_BEFORE - DAYS_AFTER]
        gaps = np.diff(days)
        before = int((days <= -DAYS_AFTER).sum())
        if before < 3:
            continue
        found.append(
            {
                "silence_days": int(-days[-1]),
                "gaps": len(gaps),
                "gap_days": gaps.sum(),
                "gap_squares": (gaps**2).sum(),
                "repeats_before": before,
                "order_days_after": len(days) - before,
                "rate_shape": 4.0,
                "rate_days": 48.0,
                "gap_variation": 1 / shape,
            }
        )
    return states(*found)


def test_golden_values_of_silences_and_counts():
    shape, prior_shape, prior_days, silence = 2.0, 6.0, 60.0, 25.0

    def beyond(rate: float) -> float:
        law = gamma(shape, scale=1 / (shape * rate))
        rest = quad(law.sf, silence, np.inf)[0]
        return rest * rate * gamma(prior_shape, scale=1 / prior_days).pdf(rate)

    found = longer_silence(silence, shape, prior_shape, prior_days)
    assert found == pytest.approx(quad(beyond, 0, 2)[0], abs=1e-6)
    law = nbinom(6.0, 60.0 / 90.0)
    fewer, more = count_chances(2.0, 30.0, 1.0, 6.0, 60.0)
    assert fewer == pytest.approx(law.cdf(1) + law.pmf(2) / 2)
    assert more == pytest.approx(law.sf(2) + law.pmf(2) / 2)


@pytest.mark.parametrize("shape", [1.0, 3.0])
def test_chances_hold_where_nobody_changed(shape: float):
    rows = measure_changes(lived(np.random.default_rng(1), 4000, shape=shape))
    for channel in ("timing", "rate"):
        found = rows[f"{channel}_p_value"].to_numpy()
        for line in (0.5, 0.1, 0.05, 0.01):
            spread = np.sqrt(line / len(found))
            assert (found <= line).mean() <= 1.25 * line + 3 * spread
        assert (found <= 0.05).mean() > 0.02


def test_who_stops_scores_above_who_goes_on_and_no_score_is_constant():
    generator = np.random.default_rng(2)
    steady, stopped, slow = (
        measure_changes(lived(generator, 800, after)) for after in (1.0, 1000.0, 3.0)
    )
    for changed, channel, least in (
        (stopped, "timing", 0.98),
        (stopped, "rate", 0.95),
        (slow, "rate", 0.90),
    ):
        less, usual = (
            np.where(
                rows["rate_after"].to_numpy() <= rows["rate_before"].to_numpy(), 1, -1
            )
            * -np.log(rows[f"{channel}_p_value"].to_numpy())
            for rows in (changed, steady)
        )
        truth = np.repeat([1.0, 0.0], [len(less), len(usual)])
        assert len(np.unique(less)) > len(less) / 20
        assert area_under_curve(truth, np.concatenate([less, usual])) > least


def test_a_first_order_is_no_change():
    nothing = dict.fromkeys(("gaps", "gap_days", "gap_squares"), 0)
    spent = ("spent_days_before", "logs_before", "log_squares_before")
    new = nothing | dict.fromkeys(spent, 0) | {"repeats_before": 0}
    new |= {f"days_{n}_before": 0 for n in range(1, 9)} | {"order_days_after": 1}
    (spend,), (mix,) = chances("spend", new), chances("mix", new)
    assert spend is None
    assert mix is None
    (rate,) = chances("rate", new | {"exposed_days": 30})
    assert rate > 0.05


def test_a_quiet_season_of_the_segment_flags_nobody():
    quiet = {"order_days_after": 1, "silence_days": 45}
    season = {"ratio": 0.2, "earlier_ratio": 0.3}
    for channel, line in (("rate", 0.02), ("timing", 0.05)):
        own, of_all = chances(channel, quiet, quiet | season)
        assert own < line < 0.2 < of_all
    less = {"logs_after": 5 * 2.7, "least_log_after": 2.0, "largest_log_after": 3.4}
    own, of_all = chances("spend", less, less | {"log_change": -1.2})
    assert own < 0.01 < 0.5 < of_all
    moved = {"days_1_after": 0, "days_2_after": 15}
    own, of_all = chances("mix", moved, moved | {"change_1": 0.05, "change_2": 2})
    assert own < 0.01 < 0.3 < of_all


def test_one_giant_order_changes_no_spend():
    giant = {"logs_after": 4 * 3.9 + 13.0, "largest_log_after": 13.0}
    larger = {"logs_after": 5 * 5.9, "least_log_after": 5.2, "largest_log_after": 6.6}
    one, all_of_them = chances("spend", giant, larger)
    assert one > 0.1 > 0.001 > all_of_them


def test_no_product_lines_no_mix():
    none = {f"days_{n}_{part}": 0 for n in range(1, 9) for part in ("before", "after")}
    assert chances("mix", none | {f"shop_share_{n}": 0.0 for n in range(1, 9)}) == [
        None
    ]


def test_no_customers_give_a_typed_table():
    found = measure_changes(states(USUAL).slice(0, 0))
    assert found.schema == CHANGE_SCHEMA
    assert found.num_rows == 0


counts = st.integers(0, 10_000)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "silence_days": st.integers(0, 400),
                "gaps": st.integers(0, 400),
                "gap_days": st.integers(0, 420),
                "gap_squares": st.integers(0, 160_000),
                "repeats_before": st.integers(2, 365),
                "order_days_after": st.integers(0, 62),
                "spent_days_after": st.integers(0, 5),
                "spent_days_before": st.integers(0, 30),
                "days_1_after": counts,
                "days_2_before": counts,
                "ratio": st.floats(0.01, 20),
            }
        ),
        min_size=1,
        max_size=4,
    )
)
def test_chances_are_shares_whoever_else_is_measured(changes: list[dict]):
    together = measure_changes(states(*changes))
    apart = [measure_changes(states(change)) for change in changes]
    names = [name for name in CHANGE_SCHEMA.names if name != "customer_id"]
    assert together.select(names) == pa.concat_tables(apart).select(names)
    for channel in ("timing", "rate", "spend", "mix"):
        for found in together[f"{channel}_p_value"].to_pylist():
            assert found is None or LEAST_P <= found <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 380), st.floats(0.3, 5.0))
def test_a_longer_silence_is_rarer(silence: int, shape: float):
    near, far = (
        float(longer_silence(float(days), shape, 8.0, 90.0))
        for days in (silence, silence + 10)
    )
    assert far < near or near < 1e-9
