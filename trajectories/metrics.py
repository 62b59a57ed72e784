"""Distances between series.

Dynamic time warping (DTW) after Sakoe and Chiba, "Dynamic programming algorithm
optimization for spoken word recognition" (1978): the root of the summed squared
differences along the cheapest alignment, with tslearn's convention for the band
(radius in steps, widened by the difference in length when lengths differ).

The kernels are in ``trajectories.engine``; tslearn is the oracle in the tests.
"""

from math import ceil

import numpy as np

from trajectories.engine.euclid import squares
from trajectories.engine.msm import msm_distances
from trajectories.engine.spaces import DtwSpace

Window = int | float | None
METRICS = ("dtw", "euclidean", "msm")


def dtw(a: np.ndarray, b: np.ndarray, window: Window = None) -> float:
    """DTW distance of two series.

    Args:
        a: (steps,) or (steps, features); trailing NaN steps are padding.
        b: likewise, with the same features; its length may differ.
        window: Sakoe-Chiba radius in steps (int), as a share of the longer series
            (float between 0 and 1), or None for no band.

    Returns:
        The root of the summed squared differences.

    Examples:
        >>> dtw(np.array([0, 0, 5]), np.array([0, 5, 5]))
        0.0
        >>> dtw(np.array([0, 0, 5]), np.array([0, 5, 5]), window=0)
        5.0
    """
    first, second = (np.asarray(x, dtype=float) for x in (a, b))
    first, second = (x[:, None] if x.ndim == 1 else x for x in (first, second))
    return float(cdist_dtw(first[None], second[None], window)[0, 0])


def cdist_dtw(
    A: np.ndarray, B: np.ndarray, window: Window = None, n_jobs: int | None = None
) -> np.ndarray:
    """DTW distances between all series of ``A`` and all of ``B``.

    Args:
        A: (customers, steps, features), NaN-padded at the end.
        B: (others, steps, features), NaN-padded at the end.
        window: as in :func:`dtw`.
        n_jobs: threads; None is 1, -1 is as many as there are processors. The
            result does not depend on it.

    Returns:
        (customers, others) float64.

    Examples:
        >>> paths = np.array([[0, 0, 5], [0, 5, 5], [3, 3, 3.0]])[:, :, None]
        >>> cdist_dtw(paths[:2], paths).round(2).tolist()
        [[0.0, 0.0, 4.69], [0.0, 0.0, 4.12]]
    """
    first, second = _checked_pair(A, B)
    radius = band_radius(window, max(first.shape[1], second.shape[1]))
    space = DtwSpace(first, radius, n_jobs, np.float64)
    return space.to_each_other() if first is second else space.to_paths(second)


def cdist_euclidean(
    A: np.ndarray, B: np.ndarray, n_jobs: int | None = None
) -> np.ndarray:
    """Euclidean distances, step against step, scaled up where steps are missing.

    Series of unequal length are compared over the steps that both have, and the
    sum of squares is scaled to the full number of steps (Dixon 1979, "Pattern
    recognition with partly missing data"; scikit-learn's ``nan_euclidean``).

    Args:
        A: (customers, steps, features), NaN-padded at the end.
        B: (others, steps, features) with the same number of steps.
        n_jobs: threads, as in :func:`cdist_dtw`.

    Returns:
        (customers, others) float64; each depends on its own two series alone.

    Examples:
        >>> paths = np.array([[0, 0, 5], [0, 5, 5.0]])[:, :, None]
        >>> cdist_euclidean(paths, paths).tolist()
        [[0.0, 5.0], [5.0, 0.0]]
    """
    first, second = check_series(A), check_series(B)
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(
            f"The series have {first.shape[1:]} and {second.shape[1:]} steps and"
            " features. Compare series with the same steps and features."
        )
    return np.sqrt(squares(first, second, n_jobs))


def cdist_msm(
    A: np.ndarray,
    B: np.ndarray,
    window: Window = None,
    cost: float = 1.0,
    n_jobs: int | None = None,
) -> np.ndarray:
    """MSM distances between all series of ``A`` and all of ``B``.

    Args:
        A: (customers, steps, features), NaN-padded at the end.
        B: (others, steps, features), NaN-padded at the end.
        window: as in :func:`dtw`; widened by the difference in length when lengths
            differ.
        cost: c, of a split or a merge, in the series' own unit (its square with
            several features).
        n_jobs: as in :func:`cdist_dtw`.

    Returns:
        (customers, others) float64. Sums of at most n + m numbers that are not
        negative: off by a factor of at most 1 + (n + m + features) 2^-53.

    Raises:
        ValueError: when the features differ, the cost is negative or not finite, or
            the series are not as described.

    Examples:
        >>> paths = np.array([[0, 0, 5], [0, 5, 5.0]])[:, :, None]
        >>> cdist_msm(paths, paths).tolist()
        [[0.0, 2.0], [2.0, 0.0]]
    """
    first, second = _checked_pair(A, B)
    if not 0 <= cost < np.inf:
        raise ValueError(
            f"The cost of a split or a merge is {cost}. Give a number from 0 up."
        )
    radius = band_radius(window, max(first.shape[1], second.shape[1]))
    return msm_distances(first, second, radius, float(cost), n_jobs)


def distances(
    A: np.ndarray,
    B: np.ndarray,
    metric: str,
    window: Window = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Distances between all of ``A`` and all of ``B`` in the named metric.

    Examples:
        >>> paths = np.array([[0, 0, 5], [0, 5, 5.0]])[:, :, None]
        >>> distances(paths, paths, "euclidean")[0].tolist()
        [0.0, 5.0]
    """
    if metric == "dtw":
        return cdist_dtw(A, B, window, n_jobs)
    if metric == "msm":
        return cdist_msm(A, B, window, n_jobs=n_jobs)
    if metric == "euclidean":
        return cdist_euclidean(A, B, n_jobs)
    raise ValueError(f"The metric is {metric!r}. Use one of {', '.join(METRICS)}.")


def band_radius(window: Window, steps: int) -> int:
    """Return the band's radius in steps; no band is as wide as the series.

    Args:
        window: int steps, float share of ``steps``, or None.
        steps: length of the longest series.

    Examples:
        >>> band_radius(0.25, 12), band_radius(None, 12)
        (3, 12)
    """
    if window is None:
        return steps
    if isinstance(window, bool) or window < 0:
        raise ValueError(f"The window is {window!r}. Give steps, a share, or None.")
    if isinstance(window, float | np.floating):
        if window > 1:
            raise ValueError(
                f"The window is the share {window}. A share lies between 0 and 1;"
                f" for {window:g} steps give the integer {int(window)}."
            )
        return ceil(window * steps)
    return int(window)


def _checked_pair(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check series that are compared, once where they are the same array."""
    first = check_series(A)
    second = first if A is B else check_series(B)
    if first.shape[2] != second.shape[2]:
        raise ValueError(
            f"The series have {first.shape[2]} and {second.shape[2]} features."
            " Compare series with the same features."
        )
    return first, second


def check_series(X: np.ndarray) -> np.ndarray:
    """Return ``X`` as (customers, steps, features) of floats, or say why not.

    float32 stays float32, so that a million series need no second copy; anything
    else becomes float64.

    Raises:
        ValueError: when the shape is wrong, a value is infinite, a series has no
            step, or NaN stands anywhere but at a series' end.

    Examples:
        >>> check_series([[[1, 2], [3, 4]]]).shape
        (1, 2, 2)
    """
    is_single = getattr(X, "dtype", None) == np.float32
    array = np.ascontiguousarray(X, dtype=np.float32 if is_single else float)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(
            f"The series have shape {np.shape(X)}."
            " Give an array of shape (customers, steps, features)."
        )
    if np.isinf(array).any():
        raise ValueError("The series hold infinite values. Replace or remove them.")
    missing = np.isnan(array)
    if not missing.any():
        return array
    if (missing.any(axis=2) & ~missing.all(axis=2)).any():
        raise ValueError("A step has some features and lacks others. Give all or none.")
    gone = missing[:, :, 0]
    if gone[:, 0].any():
        raise ValueError(
            f"Series {np.flatnonzero(gone[:, 0])[0]} has no first step. Start every"
            " series at step 0, pad with NaN at the end, and leave out empty series."
        )
    if (gone[:, :-1] & ~gone[:, 1:]).any():
        raise ValueError("A series has a gap. NaN may stand only at a series' end.")
    return array
