"""P-values of many comparisons, corrected.

Statsmodels' `multipletests` is the oracle of the tests and not called here: it collects
Python's garbage each time, 0.4 s beside all that dbt holds.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import false_discovery_control


def adjusted_by_holm(p_values: np.ndarray) -> np.ndarray:
    """Correct a family so that any false positive stays rare (Holm 1979).

    Args:
        p_values: (n,); NaN where nothing was compared, which counts for nothing.

    Returns:
        (n,), NaN where they were.

    Examples:
        >>> adjusted_by_holm(np.array([0.01, 0.04, np.nan])).tolist()
        [0.02, 0.04, nan]
    """
    found = np.full(len(p_values), np.nan)
    order = np.argsort(p_values, kind="stable")[: np.sum(~np.isnan(p_values))]
    left = len(order) - np.arange(len(order))
    found[order] = np.minimum(np.maximum.accumulate(left * p_values[order]), 1.0)
    return found


def adjusted_by_benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Correct a family so that few of its findings are false.

    Benjamini and Hochberg 1995, by scipy. Where there is nothing to find, any finding
    at all is as rare as with Holm.

    Args:
        p_values: (n,); NaN where nothing was compared, which counts for nothing.

    Returns:
        (n,), NaN where they were.

    Examples:
        >>> adjusted_by_benjamini_hochberg(np.array([0.02, 0.04, np.nan])).tolist()
        [0.04, 0.04, nan]
    """
    found = np.full(len(p_values), np.nan)
    is_known = ~np.isnan(p_values)
    if is_known.any():
        found[is_known] = false_discovery_control(p_values[is_known], method="bh")
    return found
