"""Arms dealt anew, as they were dealt: tests that no law of large numbers carries.

Customers change arms within their strata as at the assignment, so that the p-value is
exact whatever spend looks like (Fisher 1935; Ernst 2004, "Permutation methods: a basis
for exact inference"). Either tail counts by itself, twice: a small control arm makes
the two tails unlike, and a test of the distance alone would err on one side only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trajectories.engine.shuffles import deal_again
from trajectories.engine.spaces import in_threads
from trajectories.experiments.looks import ALPHA
from trajectories.experiments.readouts import Difference

DEALINGS = 10_000
#: After so many no more are made where p is at least UNDECIDED_P (Besag and Clifford
#: 1991).
FIRST_DEALINGS = 2_000
UNDECIDED_P = 0.2
#: Dealings that share a generator, so that threads change nothing.
BATCH_DEALINGS = 1_000


def drawing(seed: int, key: str) -> np.random.Generator:
    """Make the generator of one experiment's row: the same beside whatever others.

    Examples:
        >>> int(drawing(0, "a").integers(100)) == int(drawing(0, "a").integers(100))
        True
    """
    return np.random.default_rng([seed, *key.encode()])


def permuted_difference(
    values: np.ndarray,
    is_treated: np.ndarray,
    strata: np.ndarray,
    seed: int,
    dealings: int = DEALINGS,
    n_jobs: int | None = None,
) -> Difference:
    """Compare two arms by dealing them again within strata.

    The interval of the difference holds every constant effect, and that of the lift
    every constant relative effect, which the same dealings do not reject: less such
    an effect, an assigned customer is exchangeable with a control. Both are linear in
    the effect, so that each dealing says up to which effect it is exceeded, and ends
    are quantiles of these.

    Args:
        values: (n,); of a ratio of sums, values less the ratio times denominators.
        is_treated: (n,) as assigned; both arms in every stratum.
        strata: (n,) whole numbers from 0.
        seed: of the dealings.
        dealings: how many; the p-value is no less than 2 / (dealings + 1).
        n_jobs: threads.

    Returns:
        Without a standard error. Means are post-stratified. Ends of the lift are NaN
        where control's mean is 0, where values are below 0, and where every lift is
        possible on that side.

    Examples:
        >>> values = np.repeat([1.0, 2.0], 50)
        >>> found = permuted_difference(values, values > 1, np.zeros(100, int), 0)
        >>> round(found.p_value, 4), found.low <= 1.0 <= found.high
        (0.0002, True)
    """
    values, is_treated = np.asarray(values, float), np.asarray(is_treated, bool)
    own = stratified_means(values, is_treated, strata)
    first = min(dealings, FIRST_DEALINGS)
    dealt = deal_in_strata(values, is_treated, strata, [seed, 0], first, n_jobs)
    found = _judged(dealt, *own, values)
    if first < dealings and found[2] < UNDECIDED_P:
        more = dealings - first
        further = deal_in_strata(values, is_treated, strata, [seed, 1], more, n_jobs)
        found = _judged(np.concatenate([dealt, further]), *own, values)
    return Difference(*own, own[0] - own[1], float("nan"), *found)


def deal_in_strata(
    values: np.ndarray,
    is_treated: np.ndarray,
    strata: np.ndarray,
    seed: Sequence[int],
    dealings: int,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Deal customers to two arms again, strata by strata, and compare.

    Of customers whose value is 0 only the number counts, which is drawn by itself:
    where few spend, few are dealt.

    Args:
        values: (n,).
        is_treated: (n,) as assigned; both arms in every stratum.
        strata: (n,) whole numbers from 0.
        seed: of the dealings.
        dealings: how many.
        n_jobs: threads.

    Returns:
        (dealings, 3): post-stratified difference of treated less control; what values
        of those who were assigned to treatment add to it; the same difference of 1 for
        those who were and 0 for all others.

    Examples:
        >>> values, strata = np.arange(8.0), np.repeat([0, 1], 4)
        >>> is_treated = np.tile([True, False], 4)
        >>> deal_in_strata(values, is_treated, strata, [0], 5).shape
        (5, 3)
    """
    size = int(strata.max()) + 1
    # Blocks: of each stratum those of treatment, then those of control.
    blocks = 2 * strata + ~is_treated
    is_there = values != 0
    order = np.argsort(blocks[is_there], kind="stable")
    present = np.bincount(blocks[is_there], minlength=2 * size)
    starts = np.append(0, np.cumsum(present))
    members = np.bincount(blocks, minlength=2 * size)
    kinds = np.stack([present, members - present], axis=1).reshape(size, 4)
    arms = members.reshape(size, 2)
    # The smaller arm of each stratum is drawn.
    is_treatment = arms[:, 0] <= arms[:, 1]
    drawn = np.where(is_treatment, arms[:, 0], arms[:, 1])
    batches = [
        (batch, min(BATCH_DEALINGS, dealings - BATCH_DEALINGS * number))
        for number, batch in enumerate(
            np.random.SeedSequence(seed).spawn(-(-dealings // BATCH_DEALINGS))
        )
    ]

    def deal(batch: tuple[np.random.SeedSequence, int]) -> tuple[np.ndarray, ...]:
        generator = np.random.default_rng(batch[0])
        counts = np.stack(
            [
                generator.multivariate_hypergeometric(kind, number, batch[1])
                for kind, number in zip(kinds, drawn, strict=True)
            ],
            axis=1,
        )
        there = np.ascontiguousarray(counts[:, :, ::2].reshape(batch[1], -1))
        number = generator.integers(2**64, dtype=np.uint64)
        sums = deal_again(values[is_there][order], starts, there, number)
        return sums.reshape(batch[1], size, 2), counts.reshape(batch[1], size, 2, 2)

    parts = [*in_threads(deal, batches, n_jobs)]
    sums = np.concatenate([part[0] for part in parts])
    counts = np.concatenate([part[1] for part in parts]).sum(axis=3)
    totals = np.bincount(blocks, values, 2 * size).reshape(size, 2)
    # From what was drawn to what treatment has.
    sums = np.where(is_treatment[:, None], sums, totals - sums)
    counts = np.where(is_treatment[:, None], counts, arms - counts)
    weights = arms.sum(axis=1) / arms.sum()
    over, under = weights / arms[:, 0], weights / arms[:, 1]
    from_treated = sums[:, :, 0] @ over - (totals[:, 0] - sums[:, :, 0]) @ under
    from_control = sums[:, :, 1] @ over - (totals[:, 1] - sums[:, :, 1]) @ under
    moved = counts[:, :, 0] @ over - (arms[:, 0] - counts[:, :, 0]) @ under
    return np.stack([from_treated + from_control, from_treated, moved], axis=1)


def stratified_means(
    values: np.ndarray, is_treated: np.ndarray, strata: np.ndarray
) -> tuple[float, float]:
    """Means of treated and of control, strata by their share of both.

    Examples:
        >>> is_treated = np.array([True, False, True, False, False])
        >>> stratified_means(np.array([2.0, 1, 4, 3, 3]), is_treated,
        ...                  np.array([0, 0, 1, 1, 1]))
        (3.2, 2.2)
    """
    weights = np.bincount(strata) / len(strata)
    found = []
    for own in (is_treated, ~is_treated):
        sums = np.bincount(strata[own], values[own], len(weights))
        found.append(float(weights @ (sums / np.bincount(strata[own]))))
    return found[0], found[1]


def _judged(
    dealt: np.ndarray, treated: float, control: float, values: np.ndarray
) -> tuple[float, float, float, float, float, float]:
    difference, tail = treated - control, ALPHA / 2
    again, from_treated, moved = dealt.T
    # Sums are taken in another order each time: equal ones differ by rounding.
    slack = 1e-9 * (abs(treated) + abs(control) + np.abs(again).max())
    above = 1 + np.count_nonzero(again >= difference - slack)
    below = 1 + np.count_nonzero(again <= difference + slack)
    p_value = min(1.0, 2 * float(min(above, below)) / (len(again) + 1))
    # Dealt as they were, they say nothing of any effect.
    is_other = moved < 1 - 1e-12
    effects = np.full(len(again), np.inf)
    np.divide(difference - again, 1 - moved, out=effects, where=is_other)
    same = np.count_nonzero(~is_other)
    low, high = _ends(effects[is_other], same, tail)
    lift = treated / control - 1 if control > 0 else float("nan")
    lifts = float("nan"), float("nan")
    if control > 0 and values.min() >= 0:
        # 1 / (1 + lift), at which treated less control equals what was dealt.
        share = (control + again - from_treated) / np.maximum(
            treated - from_treated, 1e-300
        )
        small, large = _ends(share[is_other], same, tail)
        lifts = _lift(large), _lift(small)
    return low, high, p_value, lift, *lifts


def _ends(values: np.ndarray, same: int, tail: float) -> tuple[float, float]:
    """Ends between which all but a share of tail lies on either side."""
    total = len(values) + same + 1
    place = int(np.floor(tail * total)) - 1 - same
    if place < 0 or not len(values):
        return float("nan"), float("nan")
    parts = np.partition(values, [place, len(values) - 1 - place])
    return float(parts[place]), float(parts[len(values) - 1 - place])


def _lift(share: float) -> float:
    return float(1 / share - 1) if share > 1e-12 else float("nan")
