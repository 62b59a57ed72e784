"""Lanes: each operation, in both dtypes, does to every lane what numpy does."""

import operator

import numpy as np
import pytest
from numba import njit

from trajectories.engine import lanes
from trajectories.engine.lanes import LANE_BYTES, load, spread, store

DTYPES = [np.float32, np.float64]


def pairs(dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of one value's lanes: below, equal, above, and without a number."""
    generator = np.random.default_rng(15)
    a, b = generator.normal(size=(2, LANE_BYTES // np.dtype(dtype).itemsize))
    b[1], a[2] = a[1], np.nan
    return a.astype(dtype), b.astype(dtype)


def applied(operation, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What ``operation`` makes of lanes of ``a`` and ``b``."""

    @njit
    def apply(a, b, result):
        store(result, 0, operation(load(a, 0), load(b, 0)))

    result = np.zeros_like(a)
    apply(a, b, result)
    return result


@pytest.mark.parametrize("dtype", DTYPES)
def test_load_and_store_move_lanes_from_and_to_any_place(dtype: type) -> None:
    @njit
    def move(source, result):
        store(result, 3, load(source, 5))

    count = LANE_BYTES // np.dtype(dtype).itemsize
    source, result = np.arange(40, dtype=dtype), np.zeros(40, dtype)
    move(source, result)
    expected = np.zeros(40, dtype)
    expected[3 : 3 + count] = source[5 : 5 + count]
    assert (result == expected).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_spread_puts_one_number_into_all_lanes(dtype: type) -> None:
    @njit
    def fill(number, result):
        store(result, 0, spread(number))

    result = np.zeros(LANE_BYTES // np.dtype(dtype).itemsize, dtype)
    fill(dtype(1.5), result)
    assert (result == 1.5).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_arithmetic_is_that_of_numpy(name: str, dtype: type) -> None:
    operation, (a, b) = getattr(operator, name), pairs(dtype)
    np.testing.assert_array_equal(applied(operation, a, b), operation(a, b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "numpy_name"), [("least", "fmin"), ("most", "fmax")])
def test_least_and_most_pick_lane_by_lane(
    name: str, numpy_name: str, dtype: type
) -> None:
    """Beside a lane without a number it is that of ``b``."""
    a, b = pairs(dtype)
    result = applied(getattr(lanes, name), a, b)
    np.testing.assert_array_equal(result, getattr(np, numpy_name)(a, b))
    assert np.isnan(applied(getattr(lanes, name), b, a)[2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_at_most_finds_one_lane(dtype: type) -> None:
    @njit
    def is_any_at_most(a, b):
        return lanes.any_at_most(load(a, 0), load(b, 0))

    count = LANE_BYTES // np.dtype(dtype).itemsize
    above, bound = np.full(count, 2, dtype), np.ones(count, dtype)
    assert not is_any_at_most(above, bound)
    assert not is_any_at_most(np.full(count, np.nan, dtype), bound)
    for lane in range(count):
        one = above.copy()
        one[lane] = 1
        assert is_any_at_most(one, bound)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_below_sets_the_bit_of_each_lane(dtype: type) -> None:
    @njit
    def bits(a, b):
        return lanes.bits_below(load(a, 0), load(b, 0))

    a, b = pairs(dtype)
    assert bits(a, b) == sum(1 << lane for lane in np.flatnonzero(a < b).tolist())
    assert bits(a, a) == 0
