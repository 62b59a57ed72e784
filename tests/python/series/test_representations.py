"""Representations and the rhythms among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from trajectories.series.representations import (
    REPRESENTATIONS,
    Representation,
    skewness,
)
from trajectories.series.rhythms import RHYTHMS, rhythm
from trajectories.series.smoothing import smooth

STEPS = 90


def customers_of_all_sizes(seed=0):
    """Spend of one shape at levels from 12 to 12,000, with noise."""
    generator = np.random.default_rng(seed)
    level = np.geomspace(12, 12000, 50)
    shape = 1 + 0.5 * np.sin(np.arange(12) / 2)
    noise = generator.uniform(0.95, 1.05, (50, 12))
    return (level[:, None] * shape * noise)[:, :, None]


def test_skewness_of_a_constant_is_none():
    X = np.full((40, 3, 3), 3.3)
    X[..., 0] = np.random.default_rng(0).exponential(size=(40, 3))
    X[..., 2] = -X[..., 0]
    X[0, 1:] = np.nan
    known = X[~np.isnan(X).any(axis=2)][:, 0]
    expected = ((known - known.mean()) ** 3).mean() / known.std() ** 3
    np.testing.assert_allclose(skewness(X), [expected, 0.0, -expected])
    assert (skewness(np.full((2, 3, 3), np.nan)) == 0).all()


@pytest.mark.parametrize("name", ["population", "smoothed"])
def test_big_customers_stay_bigger_than_small_ones(name):
    """Scaling each customer by its own minimum and maximum would make all alike."""
    X = customers_of_all_sizes()
    scaled = Representation(name).fit_transform(X).mean(axis=(1, 2))
    assert (np.diff(scaled) > 0).all()
    assert scaled[-1] - scaled[0] > 2
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    own = ((X - low) / (high - low)).mean(axis=(1, 2))
    assert np.ptp(own) < 0.3


@pytest.mark.parametrize(
    "name", ["smoothed_unit_length", "smoothed_own_maximum", "cumulative_share"]
)
def test_rhythm_does_not_depend_on_currency(name):
    X = np.random.default_rng(4).gamma(0.3, 100, (20, 30, 1)) + 50
    one = Representation(name).fit_transform(X)
    if name == "cumulative_share":
        np.testing.assert_allclose(one, Representation(name).fit_transform(X * 7))
    assert np.abs(one).max() <= 1 + 1e-9


def test_no_feature_drowns_another():
    generator = np.random.default_rng(6)
    frequency = generator.poisson(3, (200, 12))
    monetary = generator.gamma(1, 5000, (200, 12))
    X = np.stack([frequency, monetary], axis=2).astype(float)
    scaled = Representation("population").fit(X)
    spread = scaled.transform(X).std(axis=(0, 1))
    np.testing.assert_allclose(spread, 1.0)
    assert scaled.log_features_.tolist() == [False, True]


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_frozen_rows_give_the_same_representation(name):
    generator = np.random.default_rng(7)
    X = generator.gamma(0.5, 100, (30, 20, 2)) - 5
    X[::5, 15:] = np.nan
    fitted = Representation(name, 2.0).fit(X)
    frozen = Representation.from_rows(
        name, fitted.location_, fitted.scale_, fitted.log_features_, 2.0
    )
    one = frozen.transform(X[:3])
    np.testing.assert_array_equal(one, fitted.transform(X)[:3])
    padding = np.isnan(one)
    assert (padding[:, :-1] <= padding[:, 1:]).all()  # only at the end
    assert (padding.any(axis=(1, 2)) == np.isnan(X[:3]).any(axis=(1, 2))).all()
    assert one.shape == X[:3].shape


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_constant_and_empty_spend_stay_finite(name):
    for X in (np.zeros((4, 10, 1)), np.full((4, 10, 1), 7.0), np.zeros((1, 1, 3))):
        assert np.isfinite(Representation(name).fit_transform(X)).all()


def test_smoothing_ignores_padding():
    X = np.full((1, 10, 1), 4.0)
    X[0, 6:] = np.nan
    smoothed = smooth(X, 3)
    np.testing.assert_allclose(smoothed[0, :6], 4.0)
    assert np.isnan(smoothed[0, 6:]).all()


def test_unknown_representation_is_refused():
    with pytest.raises(ValueError, match="'own_minimum' is unknown"):
        Representation("own_minimum").fit(np.zeros((1, 1, 1)))


# -- Rhythms -------------------------------------------------------------------


def bursts(customers, starts, seed=0, orders=7, days=6):
    """Orders of lognormal amounts within a few days after the start of each."""
    generator = np.random.default_rng(seed)
    X = np.zeros((customers, STEPS, 1))
    for customer, start in enumerate(np.broadcast_to(starts, customers)):
        when = start + generator.choice(days, min(orders, days), replace=False)
        X[customer, when, 0] = generator.lognormal(3, 0.7, len(when))
    return X


def even_orders(customers, seed=1, gap=11):
    generator = np.random.default_rng(seed)
    X = np.zeros((customers, STEPS, 1))
    for customer in range(customers):
        when = np.arange(generator.integers(0, gap), STEPS, gap)
        X[customer, when, 0] = generator.lognormal(3, 0.7, len(when))
    return X


def test_bursts_at_any_time_are_one_rhythm():
    """Step by step, each looks like whoever else bought at that time."""
    anywhere = np.random.default_rng(2).integers(0, 84, 60)
    seasons = [bursts(60, start, start, 9, 28) for start in (0, 30, 60)]
    X = np.concatenate([bursts(60, anywhere), even_orders(60), *seasons])
    kinds = np.repeat(np.arange(5), 60)

    def agreement(name):
        flat = Representation(name, 4).fit_transform(X).reshape(len(X), -1)
        found = KMeans(5, n_init=10, random_state=0).fit_predict(flat)
        return adjusted_rand_score(kinds, found)

    assert agreement("smoothed_order_rhythm") > 0.9
    assert agreement("smoothed_own_maximum") < 0.8


def test_amounts_alone_are_seen_by_the_spend_rhythm_only():
    """Spend on every day, in rising or in falling amounts."""
    generator = np.random.default_rng(4)
    rise = np.linspace(0.2, 2.0, STEPS)
    levels = np.concatenate([np.tile(rise, (40, 1)), np.tile(rise[::-1], (40, 1))])
    X = (levels * generator.lognormal(3, 0.5, levels.shape))[:, :, None]
    kinds = np.repeat([0, 1], 40)
    flat = Representation("smoothed_spend_rhythm", 4).fit_transform(X)
    found = KMeans(2, n_init=5, random_state=0).fit_predict(flat.reshape(80, -1))
    assert adjusted_rand_score(kinds, found) > 0.95
    blind = Representation("smoothed_order_rhythm", 4).fit_transform(X)
    assert np.ptp(blind, axis=0).max() == 0


def test_the_spectrum_does_not_depend_on_when():
    early = bursts(1, 10)
    one, other = (rhythm(x, 4, (1.0,)) for x in (early, np.roll(early, 45, axis=1)))
    half = STEPS // 2
    np.testing.assert_allclose(one[:, :half], other[:, :half], atol=1e-12)
    assert np.abs(one[:, half:] - other[:, half:]).max() > 0.5


def test_a_repeated_order_shows_at_its_own_frequency():
    X = np.zeros((1, 84, 1))
    X[0, ::7] = 20.0
    spectrum = rhythm(X, 4, (1.0,))[0, :42, 0]
    assert spectrum.argmax() + 1 == 84 // 7
    expected = np.exp(-0.5 * (2 * np.pi / 7) ** 2)  # all of it, but for the damping
    assert spectrum.max() == pytest.approx(expected)


def test_both_halves_weigh_the_same():
    generator = np.random.default_rng(5)
    X = generator.gamma(1, 100, (200, STEPS, 2)) * [1.0, 500.0]
    X[generator.random(X.shape) < 0.9] = 0.0
    for name in RHYTHMS:
        total = Representation(name, 4).fit_transform(X).var(axis=0)
        halves = total[:45].sum(axis=0), total[45:].sum(axis=0)
        np.testing.assert_allclose(halves, 1.0)


def test_steps_with_spend_outweigh_the_amounts_two_to_one():
    X = np.full((1, 8, 1), 30.0)
    both = rhythm(X, 4, RHYTHMS["smoothed_spend_rhythm"])[0, 4:, 0]
    np.testing.assert_allclose(both, [np.sqrt(2), 1, np.sqrt(2), 1])


def test_returns_are_no_orders():
    X = bursts(3, 20)
    returned = X.copy()
    returned[:, 70] = -500.0
    for weights in RHYTHMS.values():
        np.testing.assert_array_equal(
            rhythm(X, 4, weights), rhythm(returned, 4, weights)
        )


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 100),
    st.integers(1, 3),
    st.sampled_from(sorted(RHYTHMS)),
    st.integers(0, 2**32 - 1),
)
def test_rhythms_keep_shape_and_ignore_the_other_customers(steps, features, name, seed):
    generator = np.random.default_rng(seed)
    X = generator.gamma(0.3, 10.0 ** generator.integers(-6, 9), (6, steps, features))
    X[generator.random(X.shape) < 0.7] = 0.0
    X[0, generator.integers(1, steps + 1) :] = np.nan
    fitted = Representation(name, 4).fit(X)
    found = fitted.transform(X)
    assert found.shape == X.shape
    assert np.isfinite(found[1:]).all()
    np.testing.assert_array_equal(fitted.transform(X[2:3]), found[2:3])
    assert fitted.scale_.shape == (2 * features,)


def test_order_rhythm_does_not_depend_on_amounts():
    X = bursts(20, np.arange(20))
    name = "smoothed_order_rhythm"
    np.testing.assert_array_equal(
        Representation(name, 4).fit_transform(X),
        Representation(name, 4).fit_transform(X**2 * 1000),
    )
