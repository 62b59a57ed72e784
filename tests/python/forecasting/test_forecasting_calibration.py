"""Bands: what they cover, how they grow, and what they are made of."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_revenue import (
    BOUNDS,
    assert_sensible,
    history_rows,
    judge_forecasts,
    last_month,
    record_of,
    rolled,
    said_plainly,
    seasonal_amounts,
)

from trajectories.forecasting.calibration import (
    FEWEST_ERRORS,
    OTHER_WEIGHT,
    PRIOR_ERROR,
    PRIOR_SIZES,
    _by_length,
    _growth,
    calibrate,
)
from trajectories.forecasting.histories import read_revenue_histories
from trajectories.forecasting.records import read_record

STEPS = np.arange(1, 7)
KEYS = ["definition", "segmentation", "segment_id", "model", "origin_month", "month"]


def record_with(errors, said=1000.0):
    """A record of one model, "naive", that is off by these errors."""
    return record_of({"naive": np.full(errors.shape, said)}, said + errors)


def widths(ends):
    """Of both bands, shape (n, horizon, 2)."""
    return ends[..., [1, 3]] - ends[..., [0, 2]]


# Coverage


def covered(record, first=0):
    """Of both levels, where bands are calibrated: the share of outcomes inside."""
    bands = calibrate(record, "naive")
    counted = bands.is_calibrated & (record.origins >= 24_000 + first)
    ends, came = bands.ends[counted], record.outcomes[counted]
    return [
        ((ends[..., low] <= came) & (came <= ends[..., low + 1])).mean()
        for low in (0, 2)
    ]


ERRORS = {
    "normal, growing with the root": lambda generator, shape: (
        generator.normal(0, 1.3, shape) * np.sqrt(STEPS)
    ),
    "normal, not growing": lambda generator, shape: generator.normal(0, 3, shape),
    "heavy tails": lambda generator, shape: generator.standard_t(4, shape),
    "one-sided": lambda generator, shape: generator.exponential(2, shape),
    "small": lambda generator, shape: generator.normal(0, 0.5, shape) * STEPS,
}


@pytest.mark.parametrize("kind", ERRORS)
def test_bands_cover_what_they_say_on_exchangeable_errors(kind):
    # Twenty shops of six segments and twelve origins, pooled.
    found = np.mean(
        [
            covered(record_with(ERRORS[kind](np.random.default_rng(seed), (6, 12, 6))))
            for seed in range(20)
        ],
        axis=0,
    )
    assert 0.75 <= found[0] <= 0.85
    assert 0.92 <= found[1] <= 0.98


def test_light_tails_are_covered_too_well_by_few_errors_and_rightly_by_many():
    # The prior's errors have heavy tails, and count as long as there are few others.
    first, later = np.mean(
        [
            [covered(record, first) for first in (0, 11)]
            for seed in range(12)
            for record in [
                record_with(np.random.default_rng(seed).uniform(-2, 2, (6, 24, 6)))
            ]
        ],
        axis=0,
    )
    assert 0.75 <= later[0] <= 0.85
    assert 0.92 <= later[1] <= 0.98
    assert later[0] < first[0] < 0.88


def test_errors_that_share_their_months_make_bands_wider():
    # The same errors: once each month's are all large or all small, once mixed.
    generator = np.random.default_rng(5)
    shape = (8, 14, 6)
    month = np.arange(14)[:, None] + STEPS
    is_bad = month % 5 == 0
    size = np.where(is_bad, 10.0, 1.0)
    clustered = np.abs(generator.normal(1, 0.1, shape)) * size
    mixed = clustered.copy()
    known = month <= 13
    for step in range(6):
        cells = mixed[:, known[:, step], step]
        mixed[:, known[:, step], step] = generator.permutation(cells.ravel()).reshape(
            cells.shape
        )
    together, apart = (
        widths(calibrate(record_with(errors), "naive").ends[13])
        for errors in (clustered, mixed)
    )
    assert (together >= apart - 1e-9).all()
    assert (together[:, 0] > apart[:, 0] * 1.1).all()


# What they are made of


def test_before_any_outcome_the_band_is_the_prior():
    # 80 % of 20 prior errors, and one more in 20: the 17th (16.8 rounded up); 95 %:
    # the 20th.
    record = record_with(np.full((1, 1, 6), np.nan))
    bands = calibrate(record, "naive")
    assert not bands.is_calibrated.any()
    for low, place in ((0, 16), (2, 19)):
        reach = PRIOR_SIZES[place] * PRIOR_ERROR * np.sqrt(STEPS)
        np.testing.assert_allclose(bands.ends[0, :, low], 1000 - reach)
        np.testing.assert_allclose(bands.ends[0, :, low + 1], 1000 + reach)
    assert PRIOR_SIZES.mean() == pytest.approx(1)


def test_many_errors_outweigh_the_prior():
    generator = np.random.default_rng(6)
    record = record_with(generator.uniform(-1, 1, (40, 40, 6)))
    bands = calibrate(record, "naive")
    reach = widths(bands.ends[39]) / 2
    np.testing.assert_allclose(reach[:, 0], 0.8, atol=0.06)
    np.testing.assert_allclose(reach[:, 1], 0.95, atol=0.08)


def test_bands_are_calibrated_from_twenty_errors_on():
    record = record_with(np.random.default_rng(7).normal(0, 1, (2, 8, 6)))
    bands = calibrate(record, "naive")
    # Two segments know 2, 6, 12 and 20 outcomes at the second to fifth origin.
    assert FEWEST_ERRORS == 20
    assert bands.is_calibrated[:8].tolist() == [False] * 4 + [True] * 4


def test_errors_of_other_segmentations_count_for_a_tenth():
    rows = rolled({f"s{n}": seasonal_amounts(24, n) for n in range(6)}, origins=12)
    lone = history_rows([100.0] * 24, "lone", "rhythm")
    both = pd.concat([rows, lone])
    found = judge_forecasts(said_plainly(both), both)
    rhythm = found[found["segmentation"] == "rhythm"]
    # Of twelve origins, 57 outcomes are known by the last: of six segments 34.2, of
    # three 17.1, and a little less as some histories were shorter.
    assert OTHER_WEIGHT == 0.1
    assert rhythm["is_calibrated"].all()
    fewer = both[~both["segment_id"].isin(["s0", "s1", "s2"])]
    found = judge_forecasts(said_plainly(fewer), fewer)
    rhythm = found[found["segmentation"] == "rhythm"]
    assert not rhythm["is_calibrated"].any()


def test_errors_of_another_definition_do_not_count():
    rows = rolled({f"s{n}": seasonal_amounts(24, n) for n in range(4)})
    cohort = history_rows(seasonal_amounts(24, 9), "s0", definition="cohort")
    both = pd.concat([rows, cohort])
    found, alone = (judge_forecasts(said_plainly(x), x) for x in (both, cohort))
    own = found[found["definition"] == "cohort"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own[BOUNDS], alone[BOUNDS])


def test_spreads_by_hand():
    # Typical change over level: 10/105, 60/120 and (of zeros) none; the median of the
    # two. It counts for three months beside a history's own changes.
    series = {
        "calm": [100, 110, 100, 110],
        "wild": [90, 150, 90, 150],
        "lone": [200],
        "zero": [0, 0, 0],
    }
    rows = pd.concat([history_rows(amounts, name) for name, amounts in series.items()])
    record = read_record(said_plainly(rows), read_revenue_histories(rows, 6), 6)
    typical = (10 / 105 + 60 / 120) / 2
    found = dict(
        zip([one.segment_id for one in record.histories], record.spreads, strict=True)
    )
    assert found["calm"] == pytest.approx((3 * 10 + 3 * typical * 105) / 6)
    assert found["wild"] == pytest.approx((3 * 60 + 3 * typical * 120) / 6)
    assert found["lone"] == pytest.approx(typical * 200)
    assert found["zero"] == 0
    scales = dict(
        zip([one.segment_id for one in record.histories], record.scales, strict=True)
    )
    assert scales["calm"] == 10
    assert np.isnan(scales["lone"])


def test_errors_from_histories_of_other_lengths_count_for_less():
    # Early errors were large; the longer the history, the less they matter.
    errors = np.full((6, 12, 6), 1.0)
    errors[:3] = 5.0
    lengths = [3, 30]
    reach = []
    for now in lengths:
        record = record_with(errors)
        for place, one in enumerate(record.histories):
            months = 3 if place < 36 else 30
            months = now if one.origin == 24_011 else months
            record.histories[place] = type(one)(
                *one.key, np.full(months, 100.0), one.outcomes
            )
        reach.append(widths(calibrate(record, "naive").ends[11])[:, 0].mean())
    assert reach[1] < 0.7 * reach[0]


# Properties

amounts = st.one_of(
    st.just(0.0),
    st.floats(0, 1e6),
    st.floats(-1e3, 1e3),
    st.integers(0, 10**9).map(float),
)
segments = st.lists(
    st.lists(amounts, min_size=1, max_size=16), min_size=1, max_size=4
).map(lambda found: {f"s{n}": np.array(one) for n, one in enumerate(found)})


def judged(series, factor=1.0):
    scaled = {name: factor * one for name, one in series.items()}
    rows = rolled(scaled, first_months=2, origins=5)
    return judge_forecasts(said_plainly(rows), rows)


@settings(max_examples=40, deadline=None)
@given(series=segments)
def test_bands_of_any_shop_are_sensible(series):
    assert_sensible(judged(series))


@settings(max_examples=30, deadline=None)
@given(
    said=st.lists(st.floats(0, 1e4), min_size=6, max_size=6),
    seed=st.integers(0, 10_000),
    size=st.floats(0, 1e4),
)
def test_bands_of_any_errors_are_sensible(said, seed, size):
    generator = np.random.default_rng(seed)
    errors = generator.standard_cauchy((3, 8, 6)) * size
    errors[generator.uniform(size=errors.shape) < 0.2] = np.nan
    forecasts = np.broadcast_to(np.array(said), errors.shape)
    ends = calibrate(record_of({"naive": forecasts}, forecasts + errors), "naive").ends
    assert np.isfinite(ends).all()
    slack = 1e-9 * np.abs(ends).max()
    assert (ends >= 0).all()
    assert (ends[..., 2] <= ends[..., 0] + slack).all()
    assert (ends[..., 0] <= said).all()
    assert (ends[..., 1] >= said).all()
    assert (ends[..., 3] >= ends[..., 1] - slack).all()
    assert (np.diff(widths(ends), axis=1) >= -slack).all()


def test_bands_widen_where_the_forecast_falls_to_zero():
    said = np.broadcast_to(np.array([900.0, 500, 100, 10, 0, 0]), (2, 9, 6))
    errors = np.random.default_rng(8).normal(0, 300, said.shape)
    ends = calibrate(record_of({"naive": said}, said + errors), "naive").ends
    assert (np.diff(widths(ends), axis=1) >= -1e-9).all()
    assert (ends[:, -1, 0] == 0).all()


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.floats(0, 1e6), min_size=6, max_size=60))
def test_errors_never_shrink_with_the_horizon(sizes):
    step = np.arange(len(sizes)) % 6
    growth = _growth(np.array(sizes), step, np.ones(len(sizes)), 6)
    assert (growth > 0).all()
    assert (np.diff(growth) >= 0).all()


def test_errors_that_fall_with_the_horizon_are_pooled():
    step = np.tile(np.arange(6), 2000)
    growth = _growth(6.0 - step, step, np.ones(len(step)), 6)
    np.testing.assert_allclose(growth, 3.5, rtol=0.01)


def test_errors_of_shorter_histories_count_as_if_from_this_one():
    # Errors are 8 / length wide, whatever the horizon; the longest are of length 12.
    generator = np.random.default_rng(4)
    lengths = generator.integers(6, 13, 40_000)
    step = generator.integers(0, 6, 40_000)
    sizes = 8 / lengths * generator.uniform(0.5, 1.5, 40_000)
    weights = np.ones(40_000)
    found = _by_length(sizes, step, lengths, weights, 12, 6)
    np.testing.assert_allclose(found, 12 / lengths, rtol=0.03)
    longer = _by_length(sizes, step, lengths, weights, 24, 6)
    np.testing.assert_array_equal(found, longer)


def test_errors_that_grow_with_the_history_are_left_as_they_are():
    lengths = np.repeat(np.arange(6, 13), 500)
    step = np.tile(np.arange(6), 584)[:3500]
    found = _by_length(lengths * 1.0, step, lengths, np.ones(3500), 12, 6)
    np.testing.assert_allclose(found, 1)


def test_growth_of_errors_is_followed():
    generator = np.random.default_rng(9)
    still, growing = (
        widths(
            calibrate(
                record_with(generator.normal(0, 1, (8, 20, 6)) * size), "naive"
            ).ends[19]
        )[:, 0]
        for size in (1.0, STEPS)
    )
    assert still[5] / still[0] == pytest.approx(1, abs=0.35)
    assert growing[5] / growing[0] == pytest.approx(6, abs=2)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_currency_worth_a_thousandth_has_bands_a_thousand_times_as_wide(seed):
    generator = np.random.default_rng(seed)
    series = {f"s{n}": generator.integers(0, 10**5, 11) / 100 for n in range(3)}
    one, thousand = judged(series), judged(series, 1000.0)
    np.testing.assert_allclose(thousand[BOUNDS], 1000 * one[BOUNDS], rtol=1e-7)
    for name in ("mase_difference", "margin"):
        np.testing.assert_allclose(thousand[name], one[name], atol=1e-7)
    assert thousand["is_published"].equals(one["is_published"])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_names_of_segments_change_nothing(seed):
    generator = np.random.default_rng(seed)
    series = {f"s{n}": generator.uniform(0, 1000, 11) for n in range(3)}
    renamed = {f"s{9 - n}": one for n, one in enumerate(series.values())}
    one, two = judged(series), judged(renamed)
    back = {f"s{9 - n}": f"s{n}" for n in range(3)}
    two = two.assign(segment_id=two["segment_id"].map(back))
    two = two.sort_values(KEYS, ignore_index=True)
    assert one[KEYS].equals(two[KEYS])
    np.testing.assert_allclose(one[BOUNDS], two[BOUNDS], rtol=1e-9)


def test_bands_at_past_origins_are_those_of_their_time():
    series = {f"s{n}": seasonal_amounts(20, n) for n in range(3)}
    until = {name: one[:16] for name, one in series.items()}
    rows, old = rolled(series), rolled(until)
    for name in ("month", "origin_month"):
        old[name] -= pd.DateOffset(months=4)
    now, then = (
        judge_forecasts(said_plainly(frame, naive=last_month), frame)
        for frame in (rows, old)
    )
    past = now[now["origin_month"] <= old["origin_month"].max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(past, then, check_exact=True)
