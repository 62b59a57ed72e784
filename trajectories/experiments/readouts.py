"""Two arms compared by their sums: difference, covariate, relative lift, p-value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from trajectories.experiments.looks import ALPHA
from trajectories.experiments.sums import ArmSums

#: A covariate that takes off less of the variance is left out: it costs more in words
#: than it gives (spend of a campaign's two weeks by last year's: 0.05 %).
LEAST_GAIN = 0.02


@dataclass(frozen=True)
class ArmMean:
    """A mean over strata, or a ratio of two, of one arm.

    Attributes:
        value: of it.
        variance: squared standard error.
        spread: sum over strata of squared variances by degrees of freedom
            (Satterthwaite 1946).
    """

    value: float
    variance: float
    spread: float


@dataclass(frozen=True)
class Difference:
    """Treated less control, with a 95 % interval and a two-sided p-value.

    Attributes:
        treated: mean of the treated.
        control: mean of the control arm.
        value: difference.
        error: standard error; NaN where no normal law is claimed.
        low: end of the interval.
        high: end of the interval.
        p_value: of no difference.
        lift: value over the mean of control, or NaN.
        lift_low: end of its interval; NaN where it has none.
        lift_high: end of its interval; NaN where it has none.
    """

    treated: float
    control: float
    value: float
    error: float
    low: float
    high: float
    p_value: float
    lift: float
    lift_low: float
    lift_high: float


def stratum_weights(arms: Mapping[str, ArmSums]) -> np.ndarray:
    """Share of each stratum among all customers of an experiment, (strata,)."""
    sizes = np.sum([arm.customers for arm in arms.values()], axis=0)
    return sizes / sizes.sum()


def covariate_slope(arms: Mapping[str, ArmSums]) -> float:
    """One slope of the value on the covariate, within arms and strata (CUPED's theta).

    Deng, Xu, Kohavi and Walker 2013, "Improving the sensitivity of online controlled
    experiments by utilizing pre-experiment data". One slope for all arms, so that an
    effect cannot make its own.

    Returns:
        0 where the covariate does not vary.

    Examples:
        >>> numbers = (3, 6, 14, 3, 5, 8, 3, 3, 6, 3)
        >>> arm = ArmSums(*(np.array([float(n)]) for n in numbers))
        >>> covariate_slope({"a": arm})
        1.0
    """
    products, squares = _within(arms)
    return float(products.sum() / squares.sum()) if squares.sum() > 0 else 0.0


def held_out_gain(arms: Mapping[str, ArmSums]) -> float:
    """Share of the variance that a slope takes off strata which it was not fitted on.

    A slope that a few large customers carry takes off theirs alone and adds to that of
    all others, which this sees. With one stratum, of the one it was fitted on.

    Args:
        arms: all of an experiment: who knows no arms cannot choose by the outcome.
    """
    products, squares = _within(arms)
    values = np.sum(
        [arm.value_squares - arm.value_sum**2 / arm.customers for arm in arms.values()],
        axis=0,
    )
    weights = stratum_weights(arms)
    if values.sum() <= 0 or squares.sum() <= 0:
        return 0.0
    others = (products.sum() - products, squares.sum() - squares)
    if len(products) == 1:
        others = products, squares
    slopes = np.divide(*others, out=np.zeros(len(products)), where=others[1] > 0)
    left = values - 2 * slopes * products + slopes**2 * squares
    sizes = np.sum([arm.customers for arm in arms.values()], axis=0)
    share = weights**2 / sizes**2
    return float(1 - (share * left).sum() / (share * values).sum())


def _within(arms: Mapping[str, ArmSums]) -> tuple[np.ndarray, np.ndarray]:
    products = [
        arm.product_sum - arm.covariate_sum * arm.value_sum / arm.customers
        for arm in arms.values()
    ]
    squares = [
        arm.covariate_squares - arm.covariate_sum**2 / arm.customers
        for arm in arms.values()
    ]
    return np.sum(products, axis=0), np.sum(squares, axis=0)


def arm_mean(
    arm: ArmSums,
    weights: np.ndarray,
    slope: float = 0.0,
    covariate_means: np.ndarray | float = 0.0,
) -> ArmMean:
    """Post-stratified mean of an arm, its covariate taken off; or a ratio of sums.

    Strata count by their share of all customers (Miratrix, Sekhon and Yu 2013). A
    ratio's variance is that of the value less the ratio times the denominator (delta
    method; Deng, Knoblich and Lu 2018): customers vary, not orders.

    Args:
        arm: at least 2 customers in each stratum.
        weights: (strata,), adding up to 1.
        slope: of the value on the covariate.
        covariate_means: (strata,) over all arms.

    Examples:
        >>> numbers = (3, 6, 14, 3, 5, 8, 3, 3, 6, 3)
        >>> arm = ArmSums(*(np.array([float(n)]) for n in numbers))
        >>> mean = arm_mean(arm, np.ones(1))
        >>> mean.value, round(mean.variance, 4)
        (2.0, 0.3333)
    """
    n = arm.customers
    beneath = float(weights @ (arm.denominator_sum / n))
    if beneath == 0:
        return ArmMean(float("nan"), float("nan"), float("nan"))
    value = float(weights @ (arm.value_sum / n)) / beneath
    squares = arm.value_squares - arm.value_sum**2 / n
    # Of a mean the denominator is 1 for all, which varies by nothing.
    squares = (
        squares
        - 2
        * value
        * (arm.value_denominator_sum - arm.value_sum * arm.denominator_sum / n)
        + value**2 * (arm.denominator_squares - arm.denominator_sum**2 / n)
    )
    if slope:
        value -= slope * float(weights @ (arm.covariate_sum / n - covariate_means))
        squares = (
            squares
            - 2 * slope * (arm.product_sum - arm.covariate_sum * arm.value_sum / n)
            + slope**2 * (arm.covariate_squares - arm.covariate_sum**2 / n)
        )
    own = (weights / beneath) ** 2 * np.maximum(squares, 0.0) / (n - 1) / n
    return ArmMean(value, float(own.sum()), float((own**2 / (n - 1)).sum()))


def arm_means(arms: Mapping[str, ArmSums], slope: float = 0.0) -> dict[str, ArmMean]:
    """Give the means of all arms of an experiment; see :func:`arm_mean`."""
    sizes = np.sum([arm.customers for arm in arms.values()], axis=0)
    before = np.sum([arm.covariate_sum for arm in arms.values()], axis=0) / sizes
    weights = stratum_weights(arms)
    return {name: arm_mean(arm, weights, slope, before) for name, arm in arms.items()}


def welch_difference(treated: ArmMean, control: ArmMean) -> Difference:
    """Compare two means of which each has a variance of its own (Welch 1947).

    Returns:
        Ends, p-value and lift are NaN where nothing varies.

    Examples:
        >>> found = welch_difference(ArmMean(2.0, 0.5, 0.01), ArmMean(1.0, 0.5, 0.01))
        >>> round(found.p_value, 3), found.lift, found.lift_high
        (0.322, 1.0, nan)
    """
    value, variance = treated.value - control.value, treated.variance + control.variance
    spread = treated.spread + control.spread
    if not spread > 0:
        nothing = [float("nan")] * 7
        return Difference(treated.value, control.value, value, *nothing)
    error, freedom = np.sqrt(variance), variance**2 / spread
    reach = float(stdtrit(freedom, 1 - ALPHA / 2))
    lifts = fieller_lift(treated, control, reach)
    return Difference(
        treated.value,
        control.value,
        value,
        float(error),
        float(value - reach * error),
        float(value + reach * error),
        float(2 * stdtr(freedom, -abs(value) / error)),
        *lifts,
    )


def fieller_lift(
    treated: ArmMean, control: ArmMean, reach: float
) -> tuple[float, float, float]:
    """Relative lift and its interval (Fieller 1954), the two means independent.

    Args:
        treated: mean of the treated.
        control: mean of control.
        reach: standard errors to either end.

    Returns:
        Lift and ends. NaN for ends where control's mean is not told from 0: then
        every lift is possible, and the interval has no bounds; NaN for the lift, too,
        where control's mean is 0 or less.

    Examples:
        >>> ends = fieller_lift(ArmMean(1.1, 1e-4, 0), ArmMean(1.0, 1e-4, 0), 1.96)
        >>> [round(end, 3) for end in ends]
        [0.1, 0.071, 0.13]
        >>> fieller_lift(ArmMean(1.1, 0.1, 0), ArmMean(0.1, 0.1, 0), 1.96)[1:]
        (nan, nan)
    """
    nothing = float("nan")
    if not control.value > 0:
        return nothing, nothing, nothing
    ratio = treated.value / control.value
    g = (reach / control.value) ** 2 * control.variance
    if g >= 1:
        return ratio - 1, nothing, nothing
    inside = treated.variance * (1 - g) + ratio**2 * control.variance
    away = reach / control.value * np.sqrt(inside)
    return (
        ratio - 1,
        float((ratio - away) / (1 - g) - 1),
        float((ratio + away) / (1 - g) - 1),
    )
