"""Looking before the end, many comparisons, and designs: golden values and traps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajectories.experiments.designs import (
    POWER,
    control_share_factor,
    customers_for_effect,
    customers_for_shares,
    detectable_difference,
    mean_presence,
    power_to_find,
    smallest_control,
    smallest_control_among,
    test_of_design,
)
from trajectories.experiments.families import (
    adjusted_by_benjamini_hochberg,
    adjusted_by_holm,
)
from trajectories.experiments.looks import (
    look_bounds,
    sequence_half_width,
    sequence_reach,
    sequence_rho,
    sequential_p_value,
)
from trajectories.experiments.reports import READOUT_SCHEMA, planned_weeks_of

WEEKS = np.arange(1, 15)


def statistics(generator: np.random.Generator, runs: int, looks: int, effect=0.0):
    """Statistics of a sum that grows, (runs, looks); the effect is of the last."""
    steps = generator.normal(effect / np.sqrt(looks), 1, (runs, looks))
    return np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, looks + 1))


# -- Looks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "published"),
    [
        (1, (1.9600,)),
        (2, (2.9626, 1.9686)),
        (5, (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
    ],
)
def test_bounds_are_those_of_published_tables(looks, published) -> None:
    """Reboussin, DeMets, Kim and Lan 2000, programs for Lan and DeMets' bounds."""
    shares = tuple((look + 1) / looks for look in range(looks))
    assert look_bounds(shares) == pytest.approx(published, abs=2e-4)


def test_trap_fourteen_looks_find_no_more_than_one() -> None:
    found = statistics(np.random.default_rng(0), 20_000, 14)
    shares = tuple(WEEKS / 14)
    naive = (np.abs(found) > 1.96).any(axis=1).mean()
    planned = (np.abs(found) > look_bounds(shares)).any(axis=1).mean()
    reaches = [sequence_reach(share) for share in shares]
    anytime = (np.abs(found) > reaches).any(axis=1).mean()
    assert naive > 0.19
    assert 0.045 < planned < 0.055
    assert anytime < 0.05


def test_few_planned_looks_cost_next_to_no_power() -> None:
    """An effect that one look finds in 79 % of tests."""
    found = statistics(np.random.default_rng(1), 20_000, 14, effect=2.77)
    fixed = (np.abs(found[:, -1]) > 1.96).mean()
    planned = (np.abs(found) > look_bounds(tuple(WEEKS / 14))).any(axis=1).mean()
    anytime = (
        (np.abs(found) > [sequence_reach(w / 14) for w in WEEKS]).any(axis=1).mean()
    )
    assert 0.78 < fixed < 0.80
    assert planned > fixed - 0.04
    assert anytime < planned - 0.15


def test_a_sequential_p_value_is_below_a_level_where_its_bound_is_crossed() -> None:
    generator = np.random.default_rng(2)
    shares = tuple(np.arange(1, 6) / 5)
    for own in statistics(generator, 200, 5, effect=1.5):
        p_values = 2 * (1 - _phi(np.abs(own)))
        for level in (0.001, 0.01, 0.05, 0.2):
            crossed = (np.abs(own) > look_bounds(shares, level)).any()
            p_value = sequential_p_value(p_values, shares)
            assert (p_value <= level) == crossed or abs(p_value / level - 1) < 0.01


def test_a_sequential_p_value_never_rises_and_skips_looks_without_one() -> None:
    shares = (0.25, 0.5, 0.75, 1.0)
    p_values = [0.2, np.nan, 0.001, 0.9]
    found = [sequential_p_value(p_values[: n + 1], shares) for n in range(4)]
    assert found == sorted(found, reverse=True)
    assert np.isnan(sequential_p_value([np.nan], shares))


def test_looks_that_do_not_rise_are_told_of() -> None:
    with pytest.raises(ValueError, match="must rise from above 0 to 1"):
        look_bounds((0.5, 0.5, 1.0))


@settings(max_examples=60, deadline=None)
@given(weeks=st.integers(1, 104), looks=st.integers(1, 104))
def test_planned_looks_are_as_many_as_planned_and_end_with_the_test(
    weeks, looks
) -> None:
    looks = min(weeks, looks)
    found = planned_weeks_of(weeks, looks)
    assert len(found) == looks
    assert found[-1] == weeks
    assert max(np.diff([0, *found])) - min(np.diff([0, *found])) <= 1


def test_the_confidence_sequence_has_its_golden_values() -> None:
    rho = sequence_rho(0.05, 5000)
    assert round(rho, 7) == 0.0398401
    assert round(sequence_half_width(1000, rho), 7) == 0.1063755
    assert round(sequence_half_width(5000, rho), 7) == 0.0429243
    # The same in standard errors, whatever is counted.
    reach = sequence_half_width(1000, rho) / np.sqrt(1 / 1000)
    assert sequence_reach(0.2) == pytest.approx(reach)


def _phi(values: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(values)


# -- Families -------------------------------------------------------------------------


def test_trap_eight_segments_by_three_metrics_by_eight_looks_find_next_to_nothing() -> (
    None
):
    """As read-outs do it: looks, then Holm over metrics, then segments."""
    generator = np.random.default_rng(3)
    shares = tuple(np.arange(1, 9) / 8)
    wrong, naive, runs = 0, 0, 250
    for _ in range(runs):
        found = statistics(generator, 24, 8)
        naive += (np.abs(found) > 1.96).any()
        p_values = np.array(
            [sequential_p_value(2 * (1 - _phi(np.abs(own))), shares) for own in found]
        )
        holm = np.array([adjusted_by_holm(own) for own in p_values.reshape(8, 3)])
        best = adjusted_by_benjamini_hochberg(holm.min(axis=1))
        wrong += (np.maximum(holm, best[:, None]) <= 0.05).any()
    assert naive / runs > 0.9
    # 5 % of 250, and what chance adds.
    assert wrong / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


# -- Designs --------------------------------------------------------------------------


def test_designs_have_their_golden_values() -> None:
    assert round(customers_for_shares(0.10, 0.12), 1) == 3834.6
    assert [round(n, 1) for n in customers_for_effect(0.2)] == [393.4, 393.4]
    assert [round(n, 1) for n in customers_for_effect(0.2, 9)] == [218.2, 1963.9]
    factors = [round(control_share_factor(share), 2) for share in (0.3, 0.2, 0.1, 0.05)]
    assert factors == [1.09, 1.25, 1.67, 2.29]


@pytest.mark.parametrize(
    ("stay", "months", "mean", "times"),
    [
        *((0.9, 6, 0.781, 1.64), (0.8, 6, 0.615, 2.64), (0.8, 3, 0.813, 1.51)),
        *((0.8, 12, 0.388, 6.64), (0.9, 3, 0.903, 1.23), (0.9, 12, 0.598, 2.80)),
    ],
)
def test_leavers_cost_what_was_measured(stay, months, mean, times) -> None:
    assert round(mean_presence(stay, months), 3) == mean
    assert round(1 / mean_presence(stay, months) ** 2, 2) == pytest.approx(
        times, abs=0.01
    )


def test_more_weeks_can_lower_the_power() -> None:
    """Presence falls faster than the error where few stay."""
    powers = {
        weeks: power_to_find(
            0.1 * mean_presence(0.6, weeks / 4.35), 0.1 / np.sqrt(weeks)
        )
        for weeks in (4, 13, 26, 52)
    }
    assert max(powers, key=powers.get) == 13
    assert powers[52] < powers[4]


@settings(max_examples=60, deadline=None)
@given(
    difference=st.floats(0.02, 1.0),
    deviation=st.floats(0.1, 3.0),
    customers=st.integers(20, 100_000),
)
def test_the_smallest_control_finds_it_and_one_less_does_not(
    difference, deviation, customers
) -> None:
    controls = smallest_control_among(deviation, difference, customers)
    if controls is None:
        half = customers / 2
        assert detectable_difference(deviation, half, half) > difference
        return
    treated = customers - controls
    assert detectable_difference(deviation, treated, controls) <= difference * 1.0000001
    if controls > 1:
        more = detectable_difference(deviation, treated + 1, controls - 1)
        assert more > difference * 0.9999999
    exact = smallest_control(deviation, difference, treated)
    assert exact is not None
    assert exact <= controls * 1.000001


def test_power_at_the_detectable_difference_is_what_was_asked_for() -> None:
    difference = detectable_difference(2.0, 300, 100)
    assert power_to_find(difference, 2.0 * np.sqrt(1 / 300 + 1 / 100)) == pytest.approx(
        POWER, abs=1e-6
    )


def test_the_rule_asks_for_permutation_where_welch_was_seen_to_err() -> None:
    assert test_of_design(0.04, 0.5) == "permutation"
    assert test_of_design(0.5, 0.006) == "permutation"
    assert test_of_design(0.3, 0.02) == "welch"


def test_trap_no_power_is_told_of_an_effect_that_was_found() -> None:
    assert not [name for name in READOUT_SCHEMA.names if "power" in name]
