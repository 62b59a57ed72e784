"""Customers dealt to arms again and again, within their strata, compiled.

Rows lie stratum by stratum. The smaller arm of each is drawn without replacement by
the first steps of a shuffle (Fisher and Yates 1938; Durstenfeld 1964), which may start
from any order: so each draw goes on from the one before. Random numbers are made where
they are used, three times as fast as numpy's generator is asked from here (SplitMix64:
Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"). Nothing
is checked here, and nothing holds the interpreter's lock.
"""

import numpy as np
from numba import njit

STEP = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
HALF = np.uint64(32)


@njit(cache=True, nogil=True, forceinline=True)
def below(state, count):  # pragma: no cover
    """Make a whole number from 0 to below count of a state of SplitMix64."""
    mixed = (state ^ (state >> SHIFTS[0])) * FIRST
    mixed = (mixed ^ (mixed >> SHIFTS[1])) * SECOND
    mixed ^= mixed >> SHIFTS[2]
    return np.int64(((mixed >> HALF) * np.uint64(count)) >> HALF)


@njit(cache=True, nogil=True)
def deal_again(values, starts, counts, seed):  # pragma: no cover
    """Draw so many values of each block again and again, and sum them.

    Args:
        values: (n,), block by block.
        starts: (blocks + 1,) first value of each block, and n.
        counts: (dealings, blocks) how many are drawn, without replacement.
        seed: numpy's uint64.

    Returns:
        (dealings, blocks) sums.
    """
    order, state = np.arange(len(values)), seed
    out = np.zeros(counts.shape)
    for dealing in range(counts.shape[0]):
        for block in range(counts.shape[1]):
            begin, end = starts[block], starts[block + 1]
            for place in range(begin, begin + counts[dealing, block]):
                state += STEP
                other = place + below(state, end - place)
                row = order[other]
                order[other] = order[place]
                order[place] = row
                out[dealing, block] += values[row]
    return out


def laid_out(values: np.ndarray) -> np.ndarray:
    """Lay values and their squares side by side, in lanes of the processor.

    Args:
        values: (n, columns), about 0 and of a spread about 1.

    Returns:
        (n, 2 lanes) float32, lanes a multiple of 4: values, then squares; 0 in lanes
        without a column. Sums are taken in float64.
    """
    lanes = -(-values.shape[1] // 4) * 4
    table = np.zeros((len(values), 2 * lanes), dtype=np.float32)
    table[:, : values.shape[1]] = values
    table[:, lanes : lanes + values.shape[1]] = values**2
    return table


@njit(cache=True, nogil=True)
def split_again(table, starts, sizes, weights, dealings, seed):  # pragma: no cover
    """Give Welch's statistic of many columns for every dealing and size of control.

    Args:
        table: (n, 2 lanes), stratum by stratum, as `laid_out` gives it.
        starts: (strata + 1,) first row of each stratum, and n.
        sizes: (designs, strata) customers of the smaller arm, rising by design; at
            least 2 less than there are, and 2 at least.
        weights: (strata,) of the differences.
        dealings: how many.
        seed: numpy's uint64.

    Returns:
        (2, dealings, designs, lanes): statistics, and degrees of freedom
        (Satterthwaite 1946); 0 and 1 where nothing varies.
    """
    designs, lanes = len(sizes), table.shape[1] // 2
    order, state = np.arange(len(table)), seed
    totals = np.zeros((len(weights), 2 * lanes))
    # Of each design and stratum, for either arm: 1 / n, and what a sum of squares
    # about the mean counts for in the variance, and a variance in its spread.
    factors = np.empty((designs, len(weights), 6))
    for stratum in range(len(weights)):
        size = starts[stratum + 1] - starts[stratum]
        for design in range(designs):
            for arm in range(2):
                own = sizes[design, stratum]
                if arm == 1:
                    own = size - own
                factors[design, stratum, arm] = 1.0 / own
                factors[design, stratum, 2 + arm] = weights[stratum] ** 2 / (
                    own * (own - 1.0)
                )
                factors[design, stratum, 4 + arm] = 1.0 / (own - 1.0)
        for row in range(starts[stratum], starts[stratum + 1]):
            for lane in range(2 * lanes):
                totals[stratum, lane] += table[row, lane]
    out = np.empty((2, dealings, designs, lanes))
    drawn = np.empty(2 * lanes)
    sums = np.empty((3, designs, lanes))
    for dealing in range(dealings):
        sums[:] = 0.0
        for stratum in range(len(weights)):
            begin, end = starts[stratum], starts[stratum + 1]
            weight, place = weights[stratum], begin
            drawn[:] = 0.0
            for design in range(designs):
                while place < begin + sizes[design, stratum]:
                    state += STEP
                    other = place + below(state, end - place)
                    row = order[other]
                    order[other] = order[place]
                    order[place] = row
                    place += 1
                    for lane in range(2 * lanes):
                        drawn[lane] += table[row, lane]
                (a, b, c, d, e, f) = factors[design, stratum]
                for lane in range(lanes):
                    small, squares = drawn[lane], drawn[lanes + lane]
                    large = totals[stratum, lane] - small
                    others = totals[stratum, lanes + lane] - squares
                    one = max(squares - small * small * a, 0.0) * c
                    two = max(others - large * large * b, 0.0) * d
                    sums[0, design, lane] += weight * (large * b - small * a)
                    sums[1, design, lane] += one + two
                    sums[2, design, lane] += one * one * e + two * two * f
        for design in range(designs):
            for lane in range(lanes):
                variance, spread = sums[1, design, lane], sums[2, design, lane]
                if spread > 0.0:
                    out[0, dealing, design, lane] = sums[0, design, lane] / np.sqrt(
                        variance
                    )
                    out[1, dealing, design, lane] = variance * variance / spread
                else:
                    out[0, dealing, design, lane] = 0.0
                    out[1, dealing, design, lane] = 1.0
    return out
