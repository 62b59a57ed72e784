"""Intervals over origins: against plain code, on chains of errors, at their edges."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import t

from trajectories.claims import (
    INTERVAL_SCHEMA,
    block_interval,
    bootstrap_over_origins,
    wilson_interval,
)


def plain_interval(numerators, denominators, horizon, seed, draws):
    """The same by loops over single months."""
    generator = np.random.default_rng(seed)
    months = len(numerators)
    length = min(horizon, months // 2)
    ratios = []
    for starts in generator.integers(0, months, (draws, -(-months // length))):
        drawn = []
        for start in starts:
            drawn += [(start + step) % months for step in range(length)]
        drawn = drawn[:months]
        beneath = sum(denominators[month] for month in drawn)
        if beneath:
            ratios.append(sum(numerators[month] for month in drawn) / beneath)
    blocks = months / length
    error = np.std(ratios) * (blocks / (blocks - 1)) ** 0.5
    value = sum(numerators) / sum(denominators)
    reach = error * t(blocks - 1).ppf(0.975)
    return value - reach, value + reach


@given(
    st.lists(
        st.tuples(st.integers(-20, 20), st.integers(0, 9)), min_size=2, max_size=20
    ).filter(lambda sums: sum(under for _, under in sums) > 0),
    st.integers(1, 8),
    st.integers(0, 9),
)
def test_blocks_are_drawn_as_by_loops(sums, horizon, seed):
    numerators, denominators = np.array(sums, dtype=float).T
    found = block_interval(
        numerators, denominators, horizon, np.random.default_rng(seed), 20
    )
    expected = plain_interval(numerators, denominators, horizon, seed, 20)
    assert_allclose(found, expected, atol=1e-9)


def errors_of_origins(generator, origins, horizon, memory):
    """Mean over overlapping horizons of an autoregression whose mean is 0."""
    shocks = generator.normal(size=origins + horizon + 50)
    for month in range(1, len(shocks)):
        shocks[month] += memory * shocks[month - 1]
    return np.convolve(shocks[50:], np.ones(horizon) / horizon, "valid")[:origins]


@pytest.mark.parametrize("origins", [8, 12, 18, 36])
@pytest.mark.parametrize("memory", [0.0, 0.3])
def test_intervals_hold_the_truth_of_overlapping_horizons(origins, memory):
    generator = np.random.default_rng(1)
    ones, held, naive = np.ones(origins), [], []
    for _ in range(300):
        errors = errors_of_origins(generator, origins, 6, memory)
        low, high = block_interval(errors, ones, 6, generator, 200)
        held.append(low <= 0 <= high)
        reach = 1.96 * errors.std(ddof=1) / origins**0.5
        naive.append(abs(errors.mean()) <= reach)
    assert np.mean(held) >= 0.86
    # Who takes each origin for a new outcome is wrong every third time or more.
    assert np.mean(naive) < 0.7


def sums_of(rows):
    keys = {"measure": "coverage_80", "definition": "stock", "segmentation": "value"}
    names = ("origin_month", "numerator", "denominator", "outcomes")
    return pa.Table.from_pylist(
        [keys | dict(zip(names, row, strict=True)) for row in rows]
    )


def test_bands_that_held_all_of_few_outcomes_cannot_be_told():
    """Of the bicycle export: 18 of 18 held, from three origins, of eight months."""
    rows = [(date(2017, month, 1), 6.0, 6.0, 8) for month in (1, 2, 3)]
    (found,) = bootstrap_over_origins(sums_of(rows), 6, 0).to_pylist()
    assert found["value"] == 1
    assert found["low"] < 0.75
    assert found["high"] == 1


def test_a_share_is_never_surer_than_its_outcomes_are():
    rows = [
        (date(2016 + month // 12, month % 12 + 1, 1), 4.0, 5.0, 30)
        for month in range(36)
    ]
    (found,) = bootstrap_over_origins(sums_of(rows), 6, 0).to_pylist()
    assert_allclose((found["low"], found["high"]), wilson_interval(0.8, 30))


def test_one_origin_has_no_interval_and_its_gaps_are_months():
    one = sums_of([(date(2017, 1, 1), -3.0, 6.0, None)])
    (found,) = bootstrap_over_origins(one, 6, 0).to_pylist()
    assert (found["value"], found["low"], found["high"]) == (-0.5, None, None)
    apart = sums_of([(date(2017, m, 1), float(m), 1.0, None) for m in (1, 4, 12)])
    (found,) = bootstrap_over_origins(apart, 6, 0).to_pylist()
    sums = np.zeros((2, 12))
    sums[:, [0, 3, 11]] = [[1, 4, 12], [1, 1, 1]]
    generator = np.random.default_rng([0, *b"coverage_80|stock|value"])
    assert (found["low"], found["high"]) == block_interval(*sums, 6, generator)
    assert found["origins"] == 3


def test_measures_are_drawn_each_by_itself():
    rows = [(date(2017, m, 1), float(m % 5), 2.0, None) for m in range(1, 13)]
    alone = sums_of(rows)
    other = alone.set_column(0, "measure", pa.array(["a"] * 12))
    both = bootstrap_over_origins(pa.concat_tables([other, alone]), 3, 0)
    assert both.slice(1).to_pylist() == bootstrap_over_origins(alone, 3, 0).to_pylist()


def test_nothing_is_measured_of_nothing():
    schema = sums_of([(date(2017, 1, 1), 1.0, 1.0, 1)]).schema
    assert bootstrap_over_origins(schema.empty_table(), 6, 0).schema == INTERVAL_SCHEMA


@given(st.floats(0, 1), st.integers(1, 500))
def test_wilson_holds_its_share_within_0_and_1(share, outcomes):
    low, high = wilson_interval(share, outcomes)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
