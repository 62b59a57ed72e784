"""Whether arms are what they were meant to be, before anything is read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import chdtrc
from scipy.stats import chi2_contingency, chisquare

from trajectories.experiments.readouts import stratum_weights
from trajectories.experiments.sums import ArmSums

#: Below this a read-out is withheld (Fabijan and others 2019, "Diagnosing sample ratio
#: mismatch in online controlled experiments").
WITHHELD_P = 0.001


def sample_ratio_p_value(customers: Sequence[float], shares: Sequence[float]) -> float:
    """P-value that arms of these sizes were dealt by these shares (chi-square).

    Args:
        customers: of each arm.
        shares: of each arm, adding up to 1.

    Examples:
        >>> round(sample_ratio_p_value([21307, 21387, 21306], [1 / 3] * 3), 2)
        0.9
        >>> sample_ratio_p_value([9500, 10500], [0.5, 0.5]) < 0.001
        True
    """
    total = float(np.sum(customers))
    if total == 0:
        return float("nan")
    return float(chisquare(customers, np.asarray(shares) * total).pvalue)


def balance_p_value(arms: Mapping[str, ArmSums]) -> float:
    """P-value that what was known before differs between arms by chance alone.

    Within strata, for between them arms are alike by design: Wald's chi-square of all
    arms' post-stratified means of the covariate.

    Returns:
        NaN where nothing was known, or nobody differs.

    Examples:
        >>> numbers = (9, 9, 9, 9, 18, 9, 9, 9, 9, 9)
        >>> alike = ArmSums(*(np.array([float(n)]) for n in numbers))
        >>> balance_p_value({"a": alike, "b": alike})
        1.0
    """
    weights = stratum_weights(arms)
    means, errors = [], []
    for arm in arms.values():
        n = arm.customers
        means.append(float(weights @ (arm.covariate_sum / n)))
        squares = np.maximum(arm.covariate_squares - arm.covariate_sum**2 / n, 0.0)
        errors.append(float((weights**2 * squares / (n - 1) / n).sum()))
    if len(means) < 2 or min(errors) <= 0:
        return float("nan")
    precision = 1 / np.array(errors)
    common = float(precision @ np.array(means) / precision.sum())
    statistic = float(precision @ (np.array(means) - common) ** 2)
    return float(chdtrc(len(means) - 1, statistic))


def rate_p_value(counts: Sequence[float], customers: Sequence[float]) -> float:
    """P-value that arms have one rate (chi-square of the table, Yates for two arms).

    Args:
        counts: of each arm, such as those who were contacted.
        customers: of each arm.

    Returns:
        1 where all or none are counted.

    Examples:
        >>> round(rate_p_value([90, 70], [100, 100]), 4)
        0.0008
        >>> rate_p_value([0, 0], [100, 100])
        1.0
    """
    counts, customers = np.asarray(counts, float), np.asarray(customers, float)
    if counts.sum() in (0.0, customers.sum()) or customers.min() <= 0:
        return 1.0
    return float(chi2_contingency([counts, customers - counts]).pvalue)
