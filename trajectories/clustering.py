"""K-means for series: one cluster, one typical path."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from trajectories.centres import barycentre_step, improve, mean_step, seed_centres
from trajectories.metrics import Window, band_radius, check_series, distances


class TrajectoryKMeans(TransformerMixin, ClusterMixin, BaseEstimator):
    """K-means over series of shape (customers, steps, features).

    With ``metric="dtw"`` the centres are DTW barycentres (Petitjean, Ketterlin and
    Gancarski 2011, "A global averaging method for dynamic time warping"). With
    ``metric="euclidean"`` they are means, found by scikit-learn's ``KMeans``, or,
    where series differ in length, by Lloyd iterations over the steps that are there.

    Args:
        n_clusters: number of clusters.
        metric: "dtw" or "euclidean". "msm" is named by the design and refused until
            an engine for it exists.
        window: Sakoe-Chiba radius of DTW in steps (int), as a share of the steps
            (float), or None for no band.
        n_init: starts, of which the one with the least inertia is kept.
        max_iter: iterations of one start at most.
        tol: stop when inertia falls by less than this.
        random_state: seed, generator or None.
        n_jobs: threads for distances; no result depends on it.
        engine: for DTW, "compiled" (one step of barycentre averaging per iteration,
            compiled by numba) or "tslearn" (its ``TimeSeriesKMeans``; averages to
            convergence in every iteration, some hundred times slower).

    Attributes:
        cluster_centers_: (n_clusters, steps, features), NaN at steps that no
            training series reaches.
        labels_: (customers,) int64, the nearest centre of each training series.
        inertia_: mean squared distance to the nearest centre (as tslearn has it).
        n_iter_: iterations of the kept start.

    When fewer different series than clusters are given, the surplus centres repeat
    the last one, no series belongs to them, and a ConvergenceWarning says so.
    """

    def __init__(
        self,
        n_clusters: int = 4,
        metric: str = "dtw",
        window: Window = None,
        n_init: int = 1,
        max_iter: int = 50,
        tol: float = 1e-6,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        engine: str = "compiled",
    ):
        """Keep the settings; see the class."""
        self.n_clusters = n_clusters
        self.metric = metric
        self.window = window
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.engine = engine

    def fit(self, X: np.ndarray, y: None = None) -> "TrajectoryKMeans":
        """Find the centres of ``X``, (customers, steps, features), NaN-padded.

        Raises:
            ValueError: when there are fewer series than clusters, the metric is
                unknown, or ``X`` is not as described.
        """
        X, steps = check_series(X), np.shape(X)[1]
        self._check_settings(len(X))
        X = X[:, ~np.isnan(X).all(axis=(0, 2))]  # steps that no series reaches
        distinct = len(np.unique(X.reshape(len(X), -1), axis=0, equal_nan=True))
        clusters = min(self.n_clusters, distinct)
        if clusters < self.n_clusters:
            warnings.warn(
                f"Only {distinct} of the series differ; {self.n_clusters} clusters.",
                ConvergenceWarning,
                stacklevel=2,
            )
        random_state = check_random_state(self.random_state)
        if self.metric == "dtw" and self.engine == "tslearn":
            fit = self._fit_tslearn
        elif self.metric == "euclidean" and not np.isnan(X).any():
            fit = self._fit_euclidean
        else:
            fit = self._fit_lloyd
        centres, self.n_iter_ = fit(X, clusters, random_state)
        surplus = np.repeat(centres[-1:], self.n_clusters - len(centres), axis=0)
        centres = np.concatenate([centres, surplus])
        unreached = ((0, 0), (0, steps - X.shape[1]), (0, 0))
        self.cluster_centers_ = np.pad(centres, unreached, constant_values=np.nan)
        self.n_features_in_ = X.shape[2]
        to_centres = distances(X, centres, self.metric, self.window, self.n_jobs)
        self.labels_ = to_centres.argmin(axis=1)
        self.inertia_ = float((to_centres.min(axis=1) ** 2).mean())
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the nearest centre of each series, (customers,) int64."""
        return self.transform(X).argmin(axis=1)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the distances to the centres, (customers, n_clusters)."""
        check_is_fitted(self)
        return self._distances(check_series(X))

    def _distances(self, X: np.ndarray) -> np.ndarray:
        return distances(
            X, self.cluster_centers_, self.metric, self.window, self.n_jobs
        )

    def _check_settings(self, customers: int) -> None:
        if self.metric == "msm":
            raise ValueError(
                "The metric 'msm' comes with the clustering engine, which this version"
                " does not have. Use 'dtw' or 'euclidean'."
            )
        if self.metric not in ("dtw", "euclidean"):
            raise ValueError(
                f"The metric is {self.metric!r}. Use 'dtw' or 'euclidean'."
            )
        if self.engine not in ("compiled", "tslearn"):
            raise ValueError(
                f"The engine is {self.engine!r}. Use 'compiled' or 'tslearn'."
            )
        if not 1 <= self.n_clusters <= customers:
            raise ValueError(
                f"{self.n_clusters} clusters were asked of {customers} series."
                " Give at least one cluster and at least as many series as clusters."
            )

    def _fit_euclidean(self, X, clusters, random_state):
        flat = X.reshape(len(X), -1)
        model = KMeans(
            clusters,
            n_init=self.n_init,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=random_state,
        ).fit(flat)
        return model.cluster_centers_.reshape(clusters, *X.shape[1:]), model.n_iter_

    def _fit_lloyd(self, X, clusters, random_state):
        """Several starts of Lloyd iterations; keep the one with the least inertia."""
        radius = band_radius(self.window, X.shape[1])

        def to(A: np.ndarray, B: np.ndarray) -> np.ndarray:
            return distances(A, B, self.metric, self.window, self.n_jobs)

        def step(X: np.ndarray, labels: np.ndarray, old: np.ndarray) -> np.ndarray:
            if self.metric == "dtw":
                return barycentre_step(X, labels, old, radius)
            return mean_step(X, labels, old)

        best = (np.inf, None, 0)
        for _ in range(self.n_init):
            start = seed_centres(X, clusters, to, random_state)
            found = improve(X, start, to, step, self.max_iter, self.tol)
            best = min(best, found, key=lambda fit: fit[0])
        return best[1], best[2]

    def _fit_tslearn(self, X, clusters, random_state):
        from tslearn.clustering import TimeSeriesKMeans  # seconds to import

        band = None
        if self.window is not None:
            radius = band_radius(self.window, X.shape[1])
            band = {
                "global_constraint": "sakoe_chiba",
                "sakoe_chiba_radius": radius,
            }
        for fewer in range(clusters, 0, -1):
            model = TimeSeriesKMeans(
                fewer,
                metric="dtw",
                metric_params=band,
                n_init=self.n_init,
                max_iter=self.max_iter,
                tol=self.tol,
                random_state=random_state,
            ).fit(X)
            if model.n_iter_:  # tslearn leaves it at 0 when every start failed
                return model.cluster_centers_, int(model.n_iter_)
            warnings.warn(
                f"{fewer} clusters under DTW leave one empty from every start.",
                ConvergenceWarning,
                stacklevel=3,
            )
        raise ValueError("tslearn found no DTW barycentre for these series.")
