"""What a test can find before it begins: customers, control, weeks, leavers."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import nctdtr, ndtr, ndtri, stdtrit
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import proportion_effectsize

from trajectories.experiments.looks import ALPHA

POWER = 0.8
WELCH, PERMUTATION = "welch", "permutation"
#: Below these Welch's test invents lift on spend (A/A on a real e-mail test: 500
#: against 4,500 customers 20 % instead of 5 %), and customers are dealt anew instead.
LEAST_CONTROL_SHARE = 0.3
LEAST_POSITIVE_SHARE = 0.02
#: Degrees of freedom from which an error counts as known.
MANY = 1000
#: Weeks of a month.
MONTH_WEEKS = 365.25 / 12 / 7


def test_of_design(control_share: float, positive_share: float) -> str:
    """Choose the test by what is known before: control's share, and who does at all.

    Args:
        control_share: control's share of the customers of the two arms.
        positive_share: share of customers whose value is above 0.

    Examples:
        >>> test_of_design(0.5, 0.3), test_of_design(0.1, 0.3)
        ('welch', 'permutation')
    """
    is_dense = positive_share >= LEAST_POSITIVE_SHARE
    # A share of 0.3 is often a hair less: customers are whole.
    has_control = control_share >= LEAST_CONTROL_SHARE - 0.005
    return WELCH if is_dense and has_control else PERMUTATION


test_of_design.__test__ = False


def standard_errors_apart(alpha: float = ALPHA, power: float = POWER) -> float:
    """Standard errors that an effect has to measure to be found with this power.

    Examples:
        >>> round(standard_errors_apart(), 4)
        2.8016
    """
    return float(ndtri(1 - alpha / 2) + ndtri(power))


def detectable_difference(
    deviation: float,
    treated: float,
    controls: float,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float:
    """Least difference of means that is found with this power (MDE).

    Args:
        deviation: standard deviation of a customer, what a covariate tells taken off.
        treated: customers.
        controls: customers.
        alpha: two-sided.
        power: chance to find it.

    Examples:
        >>> round(detectable_difference(1.0, 393.4, 393.4), 3)
        0.2
    """
    error = deviation * np.sqrt(1 / treated + 1 / controls)
    return float(standard_errors_apart(alpha, power) * error)


def power_to_find(
    difference: float,
    error: float,
    alpha: float = ALPHA,
    freedom: float = np.inf,
) -> float:
    """Chance that an effect is found, on either side.

    Args:
        difference: of means, as planned; never the one that was found, which says no
            more than its p-value (Hoenig and Heisey 2001).
        error: standard error of the difference.
        alpha: two-sided.
        freedom: degrees of freedom of the error; infinite: it is known.

    Examples:
        >>> round(power_to_find(2.8016, 1.0), 3), round(power_to_find(0.0, 1.0), 3)
        (0.8, 0.05)
        >>> round(power_to_find(2.8016, 1.0, freedom=20), 3)
        0.76
    """
    size, reach = abs(difference) / error, ndtri(1 - alpha / 2)
    if freedom < MANY:
        reach = stdtrit(freedom, 1 - alpha / 2)
        below = nctdtr(freedom, size, [reach, -reach])
        return float(1 - below[0] + below[1])
    return float(ndtr(size - reach) + ndtr(-size - reach))


def customers_for_effect(
    effect_size: float,
    controls_per_treated: float = 1.0,
    alpha: float = ALPHA,
    power: float = POWER,
) -> tuple[float, float]:
    """Give the treated and the controls that an effect asks for, by statsmodels.

    Args:
        effect_size: difference of means in standard deviations.
        controls_per_treated: 1 for arms of one size.
        alpha: two-sided.
        power: chance to find it.

    Examples:
        >>> [round(n, 1) for n in customers_for_effect(0.2)]
        [393.4, 393.4]
        >>> [round(n, 1) for n in customers_for_effect(0.2, 9)]
        [218.2, 1963.9]
    """
    treated = TTestIndPower().solve_power(
        effect_size=effect_size, alpha=alpha, power=power, ratio=controls_per_treated
    )
    return float(treated), float(treated * controls_per_treated)


def customers_for_shares(
    one: float, other: float, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Give the customers of each arm that two shares ask for (arcsine, Cohen 1988).

    Examples:
        >>> round(customers_for_shares(0.10, 0.12), 1)
        3834.6
    """
    return float(
        NormalIndPower().solve_power(
            effect_size=proportion_effectsize(other, one), alpha=alpha, power=power
        )
    )


def smallest_control(
    deviation: float,
    difference: float,
    treated: float,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float | None:
    """Fewest controls beside so many treated customers that find a difference.

    s^2 / (d^2 / (z_a + z_b)^2 - s^2 / n_t): what the treated leave of the variance that
    the difference allows.

    Returns:
        None where no number of controls would do.

    Examples:
        >>> round(smallest_control(1.0, 0.2, 1963.9))
        218
        >>> smallest_control(1.0, 0.2, 100) is None
        True
    """
    allowed = (difference / standard_errors_apart(alpha, power)) ** 2
    left = allowed - deviation**2 / treated
    return None if left <= 0 else float(deviation**2 / left)


def smallest_control_among(
    deviation: float,
    difference: float,
    customers: int,
    alpha: float = ALPHA,
    power: float = POWER,
) -> int | None:
    """Fewest controls among so many customers, of whom all others are treated.

    Returns:
        None where not even halves find the difference.

    Examples:
        >>> smallest_control_among(1.0, 0.2, 2182)
        219
        >>> smallest_control_among(1.0, 0.2, 700) is None
        True
    """
    if difference <= 0 or deviation <= 0:
        return None
    allowed = (difference / standard_errors_apart(alpha, power) / deviation) ** 2
    inside = 1 - 4 / (customers * allowed)
    if inside < 0:
        return None
    return int(np.ceil(customers / 2 * (1 - np.sqrt(inside))))


def control_share_factor(control_share: float) -> float:
    """Say how much larger the detectable difference is than with halves.

    Examples:
        >>> [round(control_share_factor(share), 2) for share in (0.3, 0.2, 0.1, 0.05)]
        [1.09, 1.25, 1.67, 2.29]
    """
    return float(np.sqrt(0.25 / (control_share * (1 - control_share))))


@cache
def mean_presence(stay: float, months: float) -> float:
    """Share of a test's time in the segment, when so many stay each month.

    Who left is taken to stay away; in a month that has begun all who were there when
    it began are there. Customers grow by 1 / presence^2 where what is done works only
    on those who are there.

    Args:
        stay: share of a month's members who are members a month later.
        months: of the test, parts of one among them.

    Examples:
        >>> round(mean_presence(0.9, 6), 3), round(1 / mean_presence(0.9, 6) ** 2, 2)
        (0.781, 1.64)
        >>> round(mean_presence(0.8, 6), 3), round(1 / mean_presence(0.8, 6) ** 2, 2)
        (0.615, 2.64)
    """
    whole = int(months)
    present = sum(stay**month for month in range(whole))
    return (present + (months - whole) * stay**whole) / months


@cache
def mean_square_presence(stay: float, months: float) -> float:
    """Mean of the squared share of a test's time for which a customer is there.

    Args:
        stay: as for :func:`mean_presence`.
        months: of the test, parts of one among them.

    Examples:
        >>> round(mean_square_presence(0.9, 6), 3), mean_square_presence(1.0, 3)
        (0.701, 1.0)
    """
    whole = int(months)
    present = sum((2 * month + 1) * stay**month for month in range(whole))
    return (present + (months**2 - whole**2) * stay**whole) / months**2


def weeks_as_months(weeks: float) -> float:
    """Count weeks in months.

    Examples:
        >>> round(weeks_as_months(13), 2)
        2.99
    """
    return weeks / MONTH_WEEKS
