"""Every arm of an experiment beside its control, by every estimator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trajectories.experiments.designs import PERMUTATION, WELCH, test_of_design
from trajectories.experiments.permutations import permuted_difference
from trajectories.experiments.readouts import (
    LEAST_GAIN,
    Difference,
    arm_means,
    covariate_slope,
    held_out_gain,
    welch_difference,
)
from trajectories.experiments.sums import (
    ArmSums,
    joined_strata,
    without_covariate,
)

POST_STRATIFIED, CUPED = "post-stratified", "cuped"
PER_PROTOCOL = "per-protocol"
NOTHING = Difference(*[float("nan")] * 10)


@dataclass(frozen=True)
class ArmCustomers:
    """Customers of an experiment, each (n,), for what sums cannot tell.

    Attributes:
        arms: names.
        strata: names, as of the sums.
        values: what they did.
        covariates: what was known of them before.
        denominators: of a ratio of sums; else 1.
    """

    arms: np.ndarray
    strata: np.ndarray
    values: np.ndarray
    covariates: np.ndarray
    denominators: np.ndarray


@dataclass(frozen=True)
class ArmComparison:
    """One arm beside control by one estimator.

    Attributes:
        estimator: POST_STRATIFIED or CUPED.
        arm: of the treated.
        test: WELCH or PERMUTATION.
        difference: all NaN where there is a reason.
        variance_reduction: share of the difference's variance that the covariate
            takes off; NaN without one.
        is_chosen: whether a decision rests on this estimator, by what is known without
            knowing the arms.
        reason: why there is no number, in a sentence; else empty.
    """

    estimator: str
    arm: str
    test: str
    difference: Difference
    variance_reduction: float
    is_chosen: bool
    reason: str


def compare_arms(
    arms: Mapping[str, ArmSums],
    control: str,
    test: str | None = None,
    customers: ArmCustomers | None = None,
    seed: int = 0,
) -> list[ArmComparison]:
    """Compare every arm with control.

    Args:
        arms: of one experiment, metric and week.
        control: the arm that all others are compared with.
        test: WELCH or PERMUTATION; None: what the rule says (`test_of_design`).
        customers: the same customers, one by one; a permutation test needs them.
        seed: of permutations.

    Returns:
        One or two for each other arm: without and, where one was known that varies,
        with the covariate. What cannot be compared has a reason and no number.

    Examples:
        >>> rows = [{"arm": arm, "stratum": "all", "customers": 1, "value_sum": 1.0,
        ...          "value_squares": 1.0, "positive_customers": 1} for arm in "ab"]
        >>> from trajectories.experiments.sums import arms_of_rows
        >>> compare_arms(arms_of_rows(rows), "b")[0].reason
        'Arm a has 1 customer; a mean has an error from two on.'
    """
    small = [name for name in {**arms, control: None} if _size(arms.get(name)) < 2]
    if small:
        count = _size(arms.get(small[0]))
        customers_of = "customer" if count == 1 else "customers"
        reason = (
            f"Arm {small[0]} has {count} {customers_of}; a mean has an error from two"
            " on."
        )
        others = [name for name in arms if name != control]
        return [
            ArmComparison(
                POST_STRATIFIED, arm, test or WELCH, NOTHING, np.nan, True, reason
            )
            for arm in others
        ]
    return [
        one
        for arm in arms
        if arm != control
        for one in _compared(arms, arm, control, test, customers, seed)
    ]


def _size(arm: ArmSums | None) -> int:
    return 0 if arm is None else int(arm.customers.sum())


def _compared(
    arms: Mapping[str, ArmSums],
    arm: str,
    control: str,
    test: str | None,
    customers: ArmCustomers | None,
    seed: int,
) -> Iterator[ArmComparison]:
    treated, controls = _size(arms[arm]), _size(arms[control])
    positive = sum(float(arms[one].positive_customers.sum()) for one in (arm, control))
    share = controls / (treated + controls)
    test = test or test_of_design(share, positive / (treated + controls))
    reason = _why_not(arms, arm, control, test, customers)
    joined = joined_strata(arms)
    if any(one.is_ratio() for one in joined.values()):
        # Of products of covariate and denominator, which it would take, there are none.
        joined = {name: without_covariate(one) for name, one in joined.items()}
    plain = arm_means(joined)
    if not reason and not plain[arm].spread + plain[control].spread > 0:
        reason = "No customer of either arm differs from the others of her stratum."
    if reason:
        yield ArmComparison(POST_STRATIFIED, arm, test, NOTHING, np.nan, True, reason)
        return
    gain = held_out_gain(joined)
    slopes = [0.0, covariate_slope(joined)]
    for estimator, slope in zip((POST_STRATIFIED, CUPED), slopes, strict=True):
        if estimator == CUPED and slope == 0.0:
            return
        means = arm_means(joined, slope)
        difference = welch_difference(means[arm], means[control])
        reduction = np.nan
        if estimator == CUPED:
            before = plain[arm].variance + plain[control].variance
            after = means[arm].variance + means[control].variance
            reduction = 1 - after / before
        if test == PERMUTATION:
            difference = _permuted(joined, customers, arm, control, slope, seed)
        is_chosen = (gain >= LEAST_GAIN) == (estimator == CUPED)
        yield ArmComparison(
            estimator, arm, test, difference, float(reduction), is_chosen, ""
        )


def _why_not(
    arms: Mapping[str, ArmSums],
    arm: str,
    control: str,
    test: str,
    customers: ArmCustomers | None,
) -> str:
    for one in (arm, control):
        if arms[one].value_sum.any() or arms[one].value_squares.any():
            continue
        return (
            f"Nobody of the {_size(arms[one]):,} customers of arm {one} did it yet:"
            " of nothing neither a lift nor an error can be told."
        )
    if test == PERMUTATION and customers is None:
        return (
            "A permutation test is made at planned looks alone; until then nothing is"
            " told, for a normal law would invent lift here."
        )
    return ""


def _permuted(
    joined: Mapping[str, ArmSums],
    customers: ArmCustomers,
    arm: str,
    control: str,
    slope: float,
    seed: int,
) -> Difference:
    """Deal the customers of two arms anew, their covariate taken off."""
    own = np.isin(customers.arms, [arm, control])
    is_treated = customers.arms[own] == arm
    strata = dense_strata(customers.strata[own], is_treated)
    values = customers.values[own].astype(float)
    denominators = customers.denominators[own].astype(float)
    scale = 1.0
    if np.any(denominators != 1):
        scale = float(denominators.mean())
        ratio = float(values.sum() / denominators.sum())
        values = (values - ratio * denominators) / scale
    if slope:
        before = customers.covariates[own].astype(float)
        means = np.bincount(strata, before) / np.bincount(strata)
        values = values - slope * (before - means[strata])
    found = permuted_difference(values, is_treated, strata, seed)
    if slope or scale != 1.0:
        # Less the covariate, or as a ratio, values are no longer amounts of a
        # customer, so that the lift is told by the difference and control's mean.
        means = arm_means(joined, slope)
        level = means[control].value
        found = _as_lift(found, means[arm].value, level)
    return found


def _as_lift(found: Difference, treated: float, control: float) -> Difference:
    ends = (found.low, found.high)
    is_above = control > 0
    lift = found.value / control if is_above else float("nan")
    low, high = (end / control if is_above else float("nan") for end in ends)
    return Difference(
        treated,
        control,
        found.value,
        found.error,
        *ends,
        found.p_value,
        lift,
        low,
        high,
    )


def dense_strata(strata: np.ndarray, is_treated: np.ndarray) -> np.ndarray:
    """Number strata from 0; those that lack an arm are one, or part of the first.

    Args:
        strata: (n,) names.
        is_treated: (n,).

    Examples:
        >>> is_treated = np.array([True, False, True, True, False])
        >>> dense_strata(np.array(["a", "a", "b", "c", "c"]), is_treated).tolist()
        [0, 0, 0, 1, 1]
    """
    _, numbers = np.unique(strata, return_inverse=True)
    sizes = [
        np.bincount(numbers[one], minlength=numbers.max() + 1)
        for one in (is_treated, ~is_treated)
    ]
    lacking = np.minimum(*sizes) == 0
    if lacking.all():
        return np.zeros(len(numbers), dtype=int)
    if lacking.any():
        poured = [size[lacking].sum() for size in sizes]
        into = np.flatnonzero(lacking if min(poured) > 0 else ~lacking)[0]
        numbers = np.where(lacking[numbers], into, numbers)
    return np.unique(numbers, return_inverse=True)[1]
