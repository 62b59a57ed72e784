"""K-means for series: one cluster, one typical path."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from tqdm import tqdm

from trajectories.engine import euclid
from trajectories.engine.lloyd import candidate_count, improve, seed_centres, stretch
from trajectories.engine.medoids import LARGEST_SAMPLE, fit_medoids
from trajectories.engine.spaces import DtwSpace, points_of, unpadded_lengths
from trajectories.metrics import METRICS, Window, band_radius, check_series, distances

SILENT_SECONDS = 2


class TrajectoryKMeans(TransformerMixin, ClusterMixin, BaseEstimator):
    """K-means over series of shape (customers, steps, features).

    With ``metric="dtw"`` the centres are DTW barycentres (Petitjean, Ketterlin and
    Gancarski 2011, "A global averaging method for dynamic time warping"). With
    ``metric="euclidean"`` they are means, found by scikit-learn's ``KMeans``, or,
    where series differ in length, by Lloyd iterations over the steps that are there.
    With ``metric="msm"`` they are medoids, series of the sample (k-medoids), for
    move-split-merge has no mean.

    Centres under DTW are sought in float32; labels, inertia and distances are then
    taken in float64.

    Args:
        n_clusters: number of clusters.
        metric: "dtw", "euclidean" or "msm".
        window: Sakoe-Chiba radius of DTW in steps (int), as a share of the steps
            (float), or None for no band.
        n_init: starts, of which the one with the least inertia is kept.
        max_iter: iterations of one start at most.
        tol: stop when inertia falls by less than this; Euclidean, when the squared
            moves of the centres fall to this share of the variance (scikit-learn's).
        random_state: seed, generator or None.
        n_jobs: threads for distances; no result depends on it.
        engine: for DTW, "compiled" (one step of barycentre averaging per iteration,
            compiled by numba) or "tslearn" (its ``TimeSeriesKMeans``; averages to
            convergence in every iteration, some hundred times slower).
        init_size: series, drawn at random, on which the starts run; the best one is
            then improved on all. None: every start runs on all. For MSM, series in
            the sample that medoids are found on, 2,000 at most.
        init_iter: iterations of each of several starts, of which the best one then
            goes on alone (short runs; Biernacki, Celeux and Govaert 2003, "Choosing
            starting values for the EM algorithm"). None: every start runs to its end.

    Attributes:
        cluster_centers_: (n_clusters, steps, features), NaN at steps that no
            training series reaches.
        labels_: (customers,) int64, the nearest centre of each training series.
        inertia_: mean squared distance to the nearest centre (as tslearn has it).
        n_iter_: iterations of the kept start.

    When fewer different series than clusters are given, the surplus centres repeat
    the last one, no series belongs to them, and a ConvergenceWarning says so.

    Examples:
        >>> paths = np.array([[1, 2, 3], [9, 8, 9], [1, 1, 2], [8, 8, 9.0]])[:, :, None]
        >>> model = TrajectoryKMeans(n_clusters=2, random_state=0).fit(paths)
        >>> first, second, third, fourth = model.labels_
        >>> bool(first == third != second == fourth)
        True
        >>> model.transform(paths).shape
        (4, 2)
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
        init_size: int | None = None,
        init_iter: int | None = None,
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
        self.init_size = init_size
        self.init_iter = init_iter

    def fit(self, X: np.ndarray, y: None = None) -> "TrajectoryKMeans":
        """Find the centres of ``X``, (customers, steps, features), NaN-padded.

        Raises:
            ValueError: when there are fewer series than clusters, the metric is
                unknown, or ``X`` is not as described.
        """
        X, steps = check_series(X), np.shape(X)[1]
        self._check_settings(len(X))
        longest = int(unpadded_lengths(X).max())
        if longest < steps:  # steps that no series reaches
            X = np.ascontiguousarray(X[:, :longest])
        distinct = euclid.count_different(*points_of(X), self.n_clusters)
        if distinct < self.n_clusters:
            warnings.warn(
                f"Only {distinct} of the series differ; {self.n_clusters} clusters.",
                ConvergenceWarning,
                stacklevel=2,
            )
        centres, self.n_iter_ = self._find_centres(X, distinct)
        labels, squares = self._nearest(X, centres)
        surplus = np.repeat(centres[-1:], self.n_clusters - len(centres), axis=0)
        centres = np.concatenate([centres, surplus])
        unreached = ((0, 0), (0, steps - longest), (0, 0))
        self.cluster_centers_ = np.pad(centres, unreached, constant_values=np.nan)
        self.n_features_in_ = X.shape[2]
        self.labels_, self.inertia_ = labels, float(squares.mean())
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the nearest centre of each series, (customers,) int64."""
        check_is_fitted(self)
        return self._nearest(check_series(X), self.cluster_centers_)[0]

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the distances to the centres, (customers, n_clusters)."""
        check_is_fitted(self)
        return self._distances(X, self.cluster_centers_)

    def _distances(self, X: np.ndarray, centres: np.ndarray) -> np.ndarray:
        return distances(X, centres, self.metric, self.window, self.n_jobs)

    def _nearest(self, X, centres) -> tuple[np.ndarray, np.ndarray]:
        """Label each series; return labels and squared distances, in float64."""
        if self.metric == "dtw":
            return self._dtw_space(X, np.float64).nearest(centres)
        if self.metric == "euclidean":
            squares = euclid.squares(X, centres, self.n_jobs)
        else:
            squares = self._distances(X, centres) ** 2
        return squares.argmin(axis=1), squares.min(axis=1)

    def _check_settings(self, customers: int) -> None:
        if self.metric not in METRICS:
            raise ValueError(
                f"The metric is {self.metric!r}. Use one of {', '.join(METRICS)}."
            )
        if self.engine not in ("compiled", "tslearn"):
            raise ValueError(
                f"The engine is {self.engine!r}. Use 'compiled' or 'tslearn'."
            )
        if self.engine == "tslearn" and self.metric != "dtw":
            raise ValueError(
                f"The engine 'tslearn' clusters by 'dtw', not by {self.metric!r}."
                " Leave the engine at 'compiled'."
            )
        if self.init_size is not None and self.init_size < self.n_clusters:
            raise ValueError(
                f"init_size is {self.init_size} for {self.n_clusters} clusters. Start"
                " on at least as many series as clusters, or on all (None)."
            )
        if not 1 <= self.n_clusters <= customers:
            raise ValueError(
                f"{self.n_clusters} clusters were asked of {customers} series."
                " Give at least one cluster and at least as many series as clusters."
            )

    def _find_centres(self, X, clusters) -> tuple[np.ndarray, int]:
        random_state = check_random_state(self.random_state)
        if self.metric == "msm":
            return self._fit_medoids(X, clusters, random_state)
        if self.engine == "tslearn":
            return self._fit_tslearn(X, clusters, random_state)
        sample, iterations = X, self.init_iter or self.max_iter
        if self.init_size is not None and self.init_size < len(X):
            drawn = random_state.choice(len(X), self.init_size, replace=False)
            sample = X[np.sort(drawn)]
        elif self.n_init == 1:
            iterations = self.max_iter
        found = self._improve(sample, clusters, self.n_init, iterations, random_state)
        if sample is X and iterations == self.max_iter:
            return found
        return self._improve(X, found[0], 1, self.max_iter, random_state)

    def _improve(
        self, X, start, n_init, max_iter, random_state
    ) -> tuple[np.ndarray, int]:
        """Improve centres, or the best of several starts with so many clusters."""
        if self.metric == "euclidean":
            return self._improve_means(X, start, n_init, max_iter, random_state)
        space = self._dtw_space(X, np.float32)
        best = (np.inf, None, 0)
        with tqdm(desc="k-means", unit="pass", delay=SILENT_SECONDS, disable=None) as p:
            for _ in range(n_init):
                centres = start
                if np.ndim(start) == 0:
                    centres = seed_centres(space, start, random_state)
                found = improve(space, centres, max_iter, self.tol, p.update)
                best = min(best, found, key=lambda fit: fit[0])
        return best[1], best[2]

    def _improve_means(self, X, start, n_init, max_iter, random_state):
        flat, present = points_of(X)
        is_ragged, fits = present.min() < flat.shape[1], []
        for _ in range(n_init):
            centres = start
            if np.ndim(start) == 0:
                # As scikit-learn draws it; with shorter series, as with DTW.
                first = (
                    random_state.randint(len(X))
                    if is_ragged
                    else int(random_state.random_sample() * len(X))
                )
                draws = random_state.random_sample((start - 1, candidate_count(start)))
                rows = euclid.seed(flat, present, start, first, draws)
                centres = np.stack([stretch(X[row]) for row in rows])
            laid = centres.reshape(len(centres), -1)
            found, moves = euclid.improve(
                flat, present, laid, max_iter, self.tol, self.n_jobs
            )
            centres = found.reshape(centres.shape)
            inertia = self._nearest(X, centres)[1].mean() if n_init > 1 else 0.0
            fits.append((inertia, centres, moves))
        return min(fits, key=lambda fit: fit[0])[1:]

    def _fit_medoids(self, X, clusters, random_state):
        size = min(len(X), self.init_size or LARGEST_SAMPLE)
        sample = X[np.sort(random_state.choice(len(X), size, replace=False))]
        between = self._distances(sample, sample)
        rows, _, iterations = fit_medoids(
            between, clusters, self.n_init, self.max_iter, random_state
        )
        return sample[rows].astype(float), iterations

    def _dtw_space(self, X, dtype) -> DtwSpace:
        radius = band_radius(self.window, X.shape[1])
        return DtwSpace(X, radius, self.n_jobs, dtype)

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
