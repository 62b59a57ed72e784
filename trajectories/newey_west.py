"""Variance of a sum of errors whose horizons overlap (Newey and West 1987).

The tests of Diebold and Mariano (1995) that the forecasts and the expected segments
have to pass rest on it.
"""

from __future__ import annotations

import numpy as np


def newey_west(errors: np.ndarray, horizon: int) -> float:
    """Variance of the sum of errors of which near ones have months in common.

    Products of errors so many origins apart count by the share of the horizon that
    they have in common, with which the variance is never negative but by rounding.

    Args:
        errors: (origins,) in their order, centred.
        horizon: months ahead; errors so many origins apart are unrelated.

    Examples:
        >>> newey_west(np.array([1.0, -1.0, 1.0]), 1)
        3.0
        >>> newey_west(np.array([1.0, -1.0, 1.0]), 2)
        1.0
    """
    shared = [1 - lag / horizon for lag in range(1, min(horizon, len(errors)))]
    return float(
        (errors**2).sum()
        + 2
        * sum(
            weight * (errors[:-lag] * errors[lag:]).sum()
            for lag, weight in enumerate(shared, start=1)
        )
    )
