"""Representations: what a series looks like before distances are taken.

Every one is fitted on the training sample and keeps its scaling as plain rows
(``location_``, ``scale_``, ``log_features_``), so that a later month is assigned
with the scaling the model was trained with.

- ``population``: per feature, log1p where amounts are skewed, then centred and
  scaled over all customers and steps. A big customer stays bigger than a small one
  and no feature drowns another. (Scaling each customer by its own minimum and
  maximum, as is often done, makes a customer of 12 and one of 12,000 alike.)
- ``smoothed``: log1p, Gaussian smoothing over the steps, then as ``population``.
- ``smoothed_unit_length``: smoothed, level removed by dividing by the length.
- ``smoothed_own_maximum``: smoothed, level removed by dividing by the maximum.
- ``cumulative_share``: the share of the window's spend reached by each step.
- ``own_z_score``: per feature, centred and divided by the own standard deviation, as
  is usual for DTW (Rakthanmanon et al. 2012). Days without spend count as they are.
- ``smoothed_order_rhythm``: which steps have spend, seen both by when it falls and
  by how it repeats; see :mod:`trajectories.series.rhythms`.
- ``smoothed_spend_rhythm``: the same, with the amounts beside it.

The last six look at rhythm and not at size.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import skew
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from trajectories.series.rhythms import RHYTHMS, rhythm, rhythm_scale
from trajectories.series.smoothing import smooth

REPRESENTATIONS = (
    "population",
    "smoothed",
    "smoothed_unit_length",
    "smoothed_own_maximum",
    "cumulative_share",
    "own_z_score",
    *RHYTHMS,
)
SKEWED = 1.0


class Representation(TransformerMixin, BaseEstimator):
    """One named representation of (customers, steps, features), NaN-padded.

    Args:
        name: one of ``REPRESENTATIONS``.
        smoothing_steps: standard deviation of the Gaussian in steps, where one is
            used.

    Attributes:
        location_: (features,) subtracted.
        scale_: (features,) divided by; 1 where a feature is constant. Of a rhythm,
            (2 x features,): the spectrum's, then the path's.
        log_features_: (features,) bool, where log1p (of the absolute value, with
            the sign kept) is taken first.
    """

    def __init__(self, name: str = "population", smoothing_steps: float = 3.0):
        """Keep the settings."""
        self.name = name
        self.smoothing_steps = smoothing_steps

    def fit(self, X: np.ndarray, y: None = None) -> "Representation":
        """Learn the scaling of the training sample.

        Raises:
            ValueError: when the representation is unknown.
        """
        if self.name not in REPRESENTATIONS:
            raise ValueError(
                f"The representation {self.name!r} is unknown."
                f" Use one of {', '.join(REPRESENTATIONS)}."
            )
        features = X.shape[2]
        self.log_features_ = np.ones(features, dtype=bool)
        self.location_, self.scale_ = np.zeros(features), np.ones(features)
        if self.name == "population":
            self.log_features_ = skewness(X) > SKEWED
        if self.name in ("population", "smoothed"):
            present = self._shape(X)
            present = present[~np.isnan(present).any(axis=2)]
            spread = present.std(axis=0)
            self.location_ = present.mean(axis=0)
            self.scale_ = np.where(spread > 1e-12, spread, 1.0)
        if self.name in ("own_z_score", *RHYTHMS):
            self.log_features_ = np.zeros(features, dtype=bool)
        if self.name in RHYTHMS:
            self.scale_ = rhythm_scale(self._shape(X))
        return self

    @classmethod
    def from_rows(
        cls,
        name: str,
        location: Sequence[float],
        scale: Sequence[float],
        log_features: Sequence[bool],
        smoothing_steps: float = 3.0,
    ) -> "Representation":
        """Bring a frozen representation back from its rows."""
        frozen = cls(name, smoothing_steps)
        frozen.location_ = np.asarray(location, dtype=float)
        frozen.scale_ = np.asarray(scale, dtype=float)
        frozen.log_features_ = np.asarray(log_features, dtype=bool)
        return frozen

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Represent series of the same features; same shape.

        Shorter series are padded with NaN at the end, as they came. The first half
        of a rhythm is there for all.
        """
        check_is_fitted(self, "location_")
        scale = self.scale_
        if self.name in RHYTHMS:
            halves = [X.shape[1] // 2, X.shape[1] - X.shape[1] // 2]
            scale = np.repeat(scale.reshape(2, -1), halves, axis=0)
        return (self._shape(X) - self.location_) / scale

    def _shape(self, X: np.ndarray) -> np.ndarray:
        """Everything but the population's scaling."""
        if self.name == "cumulative_share":
            return cumulative_share(X)
        if self.name == "own_z_score":
            return own_z_score(X)
        if self.name in RHYTHMS:
            return rhythm(X, self.smoothing_steps, RHYTHMS[self.name])
        logged = np.where(self.log_features_, np.sign(X) * np.log1p(np.abs(X)), X)
        if self.name == "population":
            return logged
        smoothed = smooth(logged, self.smoothing_steps)
        if self.name == "smoothed_unit_length":
            return _divide(smoothed, np.sqrt(np.nansum(smoothed**2, axis=(1, 2))))
        if self.name == "smoothed_own_maximum":
            return _divide(smoothed, _own_maximum(smoothed))
        return smoothed


def skewness(X: np.ndarray) -> np.ndarray:
    """Skewness of each feature over all customers and steps; 0 where constant."""
    present = X[~np.isnan(X).any(axis=2)]
    skewed, varies = np.zeros(X.shape[2]), (present != present[:1]).any(axis=0)
    skewed[varies] = skew(present[:, varies], axis=0)
    return skewed


def cumulative_share(X: np.ndarray) -> np.ndarray:
    """Share of the positive sum reached at each step; 0 where there is none."""
    running = np.cumsum(np.where(np.isnan(X), 0.0, np.maximum(X, 0.0)), axis=1)
    total = running[:, -1:, :]
    share = np.divide(running, total, out=np.zeros_like(running), where=total > 0)
    return np.where(np.isnan(X), np.nan, share)


def own_z_score(X: np.ndarray) -> np.ndarray:
    """Each series less its own mean, over its own standard deviation.

    Args:
        X: (customers, steps, features), NaN-padded; a series that does not vary
            becomes 0.

    Returns:
        The same shape, without a unit.

    Examples:
        >>> own_z_score(np.array([[[0.0], [4.0]], [[3.0], [3.0]]]))[:, :, 0].tolist()
        [[-1.0, 1.0], [0.0, 0.0]]
    """
    steps = np.maximum((~np.isnan(X)).sum(axis=1, keepdims=True), 1)
    centred = X - np.nansum(X, axis=1, keepdims=True) / steps
    spread = np.sqrt(np.nansum(centred**2, axis=1, keepdims=True) / steps)
    return centred / np.where(spread > 1e-12, spread, 1.0)


def _own_maximum(X: np.ndarray) -> np.ndarray:
    return np.max(np.where(np.isnan(X), 0.0, np.abs(X)), axis=(1, 2))


def _divide(X: np.ndarray, by: np.ndarray) -> np.ndarray:
    return X / np.where(by > 1e-12, by, 1.0)[:, None, None]
