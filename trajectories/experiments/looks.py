"""Looking at a test before its end without finding more than there is.

Few planned looks spend the error of one test as O'Brien and Fleming would (Lan and
DeMets 1983): next to nothing at first, nearly all at the end. Neither scipy nor
statsmodels has their bounds; they come from the recursion of Armitage, McPherson and
Rowe (1969), on numpy's nodes. For those who look daily there is an
asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024,
"Time-uniform central limit theory and asymptotic confidence sequences").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr, ndtri

ALPHA = 0.05
NODES = 120
HALVINGS = 36
#: Levels at which bounds are kept, so that a statistic can be given its p-value.
LEVELS = np.geomspace(1e-10, 0.995, 60)
FARTHEST = 12.0


def spent_alpha(share: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Error spent when a share of what there will be to know is known.

    Lan and DeMets 1983, their first function, for each side by itself.

    Args:
        share: above 0, 1 at the end.
        alpha: error of the whole test, two-sided.

    Examples:
        >>> spent_alpha(np.array([0.5, 1.0])).round(4).tolist()
        [0.0031, 0.05]
    """
    return 4 * ndtr(ndtri(alpha / 4) / np.sqrt(share))


@cache
def look_bounds(shares: tuple[float, ...], alpha: float = ALPHA) -> tuple[float, ...]:
    """Give the size of the statistic that each planned look asks for.

    Statistics of looks are taken to be those of sums whose parts are independent.
    Where what a customer does in one week is like what she does in the next, looks
    are more alike than that, and errors are fewer.

    Args:
        shares: of what there will be to know, rising, such as week over weeks.
        alpha: error of the whole test, two-sided.

    Examples:
        >>> [round(bound, 3) for bound in look_bounds((0.2, 0.4, 0.6, 0.8, 1.0))]
        [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    if not shares or min(np.diff((0.0, *shares))) <= 0 or shares[-1] > 1 + 1e-9:
        raise ValueError(
            f"Looks at shares {shares} of a test were asked for; they must rise from"
            " above 0 to 1 at most. Name each look once, by its week."
        )
    return tuple(_bounds(shares, np.array([alpha]))[0].tolist())


def _bounds(shares: tuple[float, ...], levels: np.ndarray) -> np.ndarray:
    """Give the bounds of looks, (levels, looks), one after the other."""
    standard, weights = np.polynomial.legendre.leggauss(NODES)
    points, masses = np.zeros((len(levels), 1)), np.ones((len(levels), 1))
    bounds, before, spent = np.empty((len(levels), len(shares))), 0.0, 0.0
    for look, share in enumerate(shares):
        step, root = np.sqrt(share - before), np.sqrt(share)
        so_far = spent_alpha(np.array(share), levels)
        low, high = np.zeros(len(levels)), np.full(len(levels), FARTHEST)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            reach = middle[:, None] * root
            out = ndtr((points - reach) / step) + ndtr((-points - reach) / step)
            is_near = (masses * out).sum(axis=1) > so_far - spent
            low, high = np.where(is_near, middle, low), np.where(is_near, high, middle)
        bounds[:, look] = high
        nodes = high[:, None] * root * standard
        away = (nodes[:, :, None] - points[:, None, :]) / step
        density = np.exp(-(away**2) / 2) @ masses[:, :, None]
        masses = high[:, None] * root * weights * density[:, :, 0]
        masses /= step * np.sqrt(2 * np.pi)
        points, before, spent = nodes, share, so_far
    return bounds


def sequential_p_value(p_values: Sequence[float], shares: Sequence[float]) -> float:
    """Give the least error at which a test would have ended by its last look so far.

    It may be held against any level at any planned look, and corrected for a family
    as other p-values are (Liu and Anderson 2008, "On adaptive extensions of group
    sequential trials"; with Holm: Ye and others 2013).

    Args:
        p_values: two-sided, of the looks so far, in their order; NaN for one that had
            none.
        shares: of all planned looks.

    Returns:
        NaN where no look had one.

    Examples:
        >>> round(sequential_p_value([0.5, 0.03], [0.5, 1.0]), 4)
        0.0304
        >>> round(sequential_p_value([0.03], [1.0]), 4)
        0.03
    """
    curves = _levels_of(tuple(float(share) for share in shares))
    found = []
    for curve, p_value in zip(curves, p_values, strict=False):
        if np.isnan(p_value):
            continue
        size = ndtri(max(p_value, 1e-30) / 2)
        if size >= curve.x[-1]:
            found.append(1.0)
        else:
            found.append(float(np.exp(curve(max(size, curve.x[0])))))
    return min(found) if found else float("nan")


@cache
def _levels_of(shares: tuple[float, ...]) -> tuple[PchipInterpolator, ...]:
    """Give curves from the size of a statistic to the logarithm of its level, by look.

    Bounds fall as the level rises; those beyond the farthest are left out.
    """
    curves = []
    for bounds in _bounds(shares, LEVELS).T:
        different = np.append(np.diff(bounds) < 0, True)
        curves.append(PchipInterpolator(-bounds[different], np.log(LEVELS[different])))
    return tuple(curves)


def sequence_rho(alpha: float, customers: float) -> float:
    """Tune a confidence sequence to be narrowest when so many have come.

    Waudby-Smith and others 2024, equation (9).

    Examples:
        >>> round(sequence_rho(0.05, 5000), 7)
        0.0398401
    """
    log = -2 * np.log(alpha)
    return float(np.sqrt((log + np.log(log + 1)) / customers))


def sequence_half_width(
    customers: float, rho: float, alpha: float = ALPHA, variance: float = 1.0
) -> float:
    """Half of the width of a mean's asymptotic confidence sequence.

    Waudby-Smith and others 2024, Theorem 2.2.

    Examples:
        >>> round(sequence_half_width(1000, sequence_rho(0.05, 5000)), 7)
        0.1063755
    """
    known = customers * rho**2
    log = np.log(np.sqrt(known + 1) / alpha)
    return float(np.sqrt(variance * 2 * (known + 1) / (customers * known) * log))


def sequence_reach(share: float, alpha: float = ALPHA) -> float:
    """Standard errors to either end of an anytime interval, narrowest at the end.

    The half-width of a sequence tuned to the end, in standard errors: it depends on
    the share of what there will be to know alone.

    Args:
        share: week over planned weeks; above 1 where a test goes on.
        alpha: chance that any of all looks, at whatever time, errs.

    Examples:
        >>> round(sequence_reach(0.5), 3), round(sequence_reach(1.0), 3)
        (3.084, 3.035)
    """
    rho = sequence_rho(alpha, 1.0)
    return float(np.sqrt(share)) * sequence_half_width(share, rho, alpha)
