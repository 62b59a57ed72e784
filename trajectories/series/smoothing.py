"""Gaussian smoothing of padded series."""

import numpy as np
from scipy.ndimage import gaussian_filter1d


def smooth(X: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian smoothing along the steps, over the steps that are there.

    Args:
        X: (customers, steps, features), NaN-padded.
        sigma: standard deviation of the kernel in steps.
    """
    present = ~np.isnan(X)
    summed = gaussian_filter1d(
        np.where(present, X, 0.0), sigma, axis=1, mode="constant"
    )
    weight = gaussian_filter1d(present.astype(float), sigma, axis=1, mode="constant")
    return np.where(present, summed / np.where(present, weight, 1.0), np.nan)
