"""Trials: every candidate fit of every segmentation, with its evidence.

A segmentation's choice: the number of clusters with the highest silhouette in the
segmentation's own metric; on a tie (within 0.005) the fewer clusters. What the
chosen trial is worth is then decided by ``evidence.verdict``.
"""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from trajectories import evidence
from trajectories.clustering import TrajectoryKMeans
from trajectories.metrics import distances
from trajectories.order_series import Orders, build, is_active, spend_between
from trajectories.representations import Representation
from trajectories.series import series_lengths, to_matrix, window

SAME_SILHOUETTE = 0.005
MONTHS_AHEAD = 3
DAYS_AHEAD = 90

TRIAL_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "series": pa.string(),
        "representation": pa.string(),
        "smoothing_steps": pa.float64(),
        "metric": pa.string(),
        "k": pa.int64(),
        "band": pa.int64(),
        "steps": pa.int64(),
        "features": pa.list_(pa.string()),
        "sampled_customers": pa.int64(),
        **dict.fromkeys(
            [
                "silhouette",
                "silhouette_low",
                "silhouette_high",
                "inertia",
                "calinski_harabasz",
                "davies_bouldin",
                "within_between_ratio",
                "null_silhouette",
                "null_p_value",
                "persistence_gap",
                "persistence_p_value",
                "bootstrap_ari",
                "predictive_r2",
                "smallest_share",
                "hierarchical_ari",
                "dbscan_ari",
            ],
            pa.float64(),
        ),
        "dbscan_clusters": pa.int64(),
        "dbscan_eps": pa.float64(),
        "has_structure": pa.bool_(),
        "is_chosen": pa.bool_(),
        "reason": pa.string(),
        "null_silhouettes": pa.list_(pa.float64()),
        "centroids": pa.list_(pa.float64()),
        "member_means": pa.list_(pa.float64()),
        "sizes": pa.list_(pa.int64()),
        "location": pa.list_(pa.float64()),
        "scale": pa.list_(pa.float64()),
        "log_features": pa.list_(pa.bool_()),
        "sample_customer_ids": pa.list_(pa.string()),
        "sample_labels": pa.list_(pa.int64()),
        "sample_silhouettes": pa.list_(pa.float64()),
        "sample_x": pa.list_(pa.float64()),
        "sample_y": pa.list_(pa.float64()),
        "seed": pa.int64(),
        "data_hash": pa.string(),
    }
)


@dataclass(frozen=True)
class Settings:
    """One segmentation's settings; see the var ``segmentations``.

    Attributes:
        series, features, period, window: what is compared. ``period`` is "month" or
            "day", ``window`` counts them; ``features`` name the numbers per step.
        representation, metrics, metric, band: how. ``metric`` makes the choice,
            the other ``metrics`` are tried beside it. ``band`` is the Sakoe-Chiba
            radius in steps (None: no band), ``smoothing_steps`` the standard deviation
            of the representations that smooth.
        k_min, k_max: numbers of clusters tried.
        sample_customers: customers in the sample, at most 2,000.
        numbered_by: feature by whose mean the clusters are numbered, largest first.
        null_shuffles, bootstrap_refits: repeats for the evidence.
        n_init, max_iter, seed, engine: of the clustering.
        months_of_history, orders_of_history: who is active, as in the stages.
    """

    series: str
    features: Sequence[str]
    period: str
    window: int
    representation: str
    metrics: Sequence[str]
    metric: str
    numbered_by: str
    band: int | None = None
    smoothing_steps: float = 3.0
    k_min: int = 2
    k_max: int = 8
    sample_customers: int = 400
    null_shuffles: int = 20
    bootstrap_refits: int = 10
    n_init: int = 3
    max_iter: int = 30
    seed: int = 0
    engine: str = "compiled"
    months_of_history: int = 3
    orders_of_history: int = 3

    def __post_init__(self):
        """Refuse settings that contradict each other."""
        if self.metric not in self.metrics:
            raise ValueError(
                f"The metric {self.metric!r} is not among the metrics"
                f" {list(self.metrics)}. Add it there or choose another."
            )
        if self.numbered_by not in self.features:
            raise ValueError(
                f"numbered_by is {self.numbered_by!r}, which is not among the features"
                f" {list(self.features)}."
            )
        if not 2 <= self.k_min <= self.k_max:
            raise ValueError(
                f"k goes from {self.k_min} to {self.k_max}. Start at 2 or more and end"
                " no lower."
            )
        if self.sample_customers > evidence.MOST_SILHOUETTES:
            raise ValueError(
                f"sample_customers is {self.sample_customers}; at most"
                f" {evidence.MOST_SILHOUETTES} are possible."
            )

    @property
    def is_static(self) -> bool:
        """Whether customers are compared at one step only."""
        return self.window == 1

    def model(self, k: int, metric: str) -> TrajectoryKMeans:
        """Return the estimator of one trial, not yet fitted."""
        return TrajectoryKMeans(
            k,
            metric=metric,
            window=self.band if metric == "dtw" else None,
            n_init=self.n_init,
            max_iter=self.max_iter,
            random_state=self.seed,
            engine=self.engine,
        )


@dataclass(frozen=True)
class Inputs:
    """What the trials read, for a bounded number of customers.

    Attributes:
        series: columns series, customer_id, series_values.
        stages: columns series, customer_id, month, stage, orders_in_window.
        months: columns month, month_end_date, months_back, days_back.
        orders: the accepted orders of the same customers.
    """

    series: pa.Table
    stages: pd.DataFrame
    months: pd.DataFrame
    orders: pd.DataFrame

    @classmethod
    def of(cls, series, stages, months, orders) -> "Inputs":
        """Take tables or frames; order does not matter."""
        if isinstance(series, pd.DataFrame):
            series = pa.Table.from_pandas(series, preserve_index=False)
        frames = (
            frame.to_pandas() if isinstance(frame, pa.Table) else frame
            for frame in (stages, months, orders)
        )
        return cls(series, *frames)


@dataclass(frozen=True)
class Sample:
    """A sample of customers, their windows in original units and represented."""

    ids: np.ndarray
    windows: np.ndarray
    represented: np.ndarray
    representation: Representation


def run_trials(
    segmentations: Mapping[str, Mapping],
    series: pa.Table | pd.DataFrame,
    stages: pa.Table | pd.DataFrame,
    months: pa.Table | pd.DataFrame,
    orders: pa.Table | pd.DataFrame,
    **common,
) -> pa.Table:
    """Run all trials of all segmentations.

    Args:
        segmentations: settings by name; see :class:`Settings`.
        series, stages, months, orders: see :class:`Inputs`.
        common: settings that hold for all segmentations (seed, ...).

    Returns:
        One row per trial with the columns of ``TRIAL_SCHEMA``, sorted. A
        segmentation with fewer than twice ``k_min`` active customers, or with fewer
        than ``k_min`` different paths, has none.
    """
    inputs = Inputs.of(series, stages, months, orders)
    rows: list[dict] = []
    with threadpool_limits(1):  # many small fits: threads would only wait
        for name in sorted(segmentations):
            settings = Settings(**{**common, **segmentations[name]})
            rows += _Segmentation(name, settings, inputs).trials()
    rows.sort(
        key=lambda r: (r["segmentation"], r["representation"], r["metric"], r["k"])
    )
    return pa.Table.from_pylist(rows, schema=TRIAL_SCHEMA)


def evidence_customers(
    customer_ids: Sequence[str], limit: int, seed: int = 0
) -> list[str]:
    """Draw at most ``limit`` customers by seed, independent of their order."""
    ordered = np.array(sorted(set(customer_ids)), dtype=object)
    if len(ordered) > limit:
        picked = np.random.default_rng(seed).permutation(len(ordered))[:limit]
        ordered = ordered[np.sort(picked)]
    return ordered.tolist()


def stratified_rows(
    size: np.ndarray, amount: np.ndarray, limit: int, seed: int
) -> np.ndarray:
    """Draw rows evenly over orders and, within, over amount.

    Systematic sampling from the list ordered by both: every n-th row from a random
    start, so that small and large customers are drawn in proportion.

    Args:
        size: (customers,) orders in the window.
        amount: (customers,) amount, orders ties of ``size``.
        limit: rows drawn at most.
        seed: of the start.

    Returns:
        Sorted row numbers.
    """
    customers = len(size)
    if customers <= limit:
        return np.arange(customers)
    start = np.random.default_rng(seed).random()
    every = ((np.arange(limit) + start) * customers / limit).astype(int)
    return np.sort(np.lexsort((amount, size))[every])


class _Segmentation:
    """All trials of one segmentation."""

    def __init__(self, name: str, settings: Settings, inputs: Inputs):
        self.name, self.settings, self.inputs = name, settings, inputs
        chosen = inputs.series.filter(
            pc.equal(inputs.series["series"], settings.series)
        ).sort_by("customer_id")
        self.ids = pd.Index(chosen["customer_id"].to_pylist(), dtype=object)
        self.matrix = to_matrix(chosen["series_values"], len(settings.features))
        self.orders = Orders.from_frame(inputs.orders, self.ids)

    # -- Samples ---------------------------------------------------------------

    def sample(self, months_back: int) -> Sample | None:
        """Sample the customers who were active at a month; None if too few."""
        month = self.inputs.months.query("months_back == @months_back")
        if month.empty:
            return None
        month = month.iloc[0]
        is_month = self.settings.period == "month"
        steps_back = int(month["months_back" if is_month else "days_back"])
        stages = self.inputs.stages
        active = stages[
            (stages["series"] == self.settings.series)
            & (pd.to_datetime(stages["month"]) == pd.to_datetime(month["month"]))
            & (stages["stage"] == "active")
        ].set_index("customer_id")["orders_in_window"]
        rows = np.flatnonzero(self.ids.isin(active.index))
        counts = active.reindex(self.ids[rows]).to_numpy(float)
        windows = window(self.matrix[rows], steps_back, self.settings.window)
        return self._drawn(rows, windows, counts)

    def _drawn(self, rows, windows, counts) -> Sample | None:
        """Draw from candidates and represent them; None if there are too few."""
        present = series_lengths(windows) > 0
        rows, windows, counts = rows[present], windows[present], counts[present]
        if len(rows) < 2 * self.settings.k_min:
            return None
        settings = self.settings
        by = list(settings.features).index(settings.numbered_by)
        amount = np.nansum(windows[:, :, by], axis=1)
        drawn = stratified_rows(
            counts, amount, settings.sample_customers, settings.seed
        )
        representation = Representation(
            settings.representation, settings.smoothing_steps
        ).fit(windows[drawn])
        return Sample(
            self.ids[rows[drawn]].to_numpy(),
            windows[drawn],
            representation.transform(windows[drawn]),
            representation,
        )

    def last_day(self, months_back: int = 0) -> int:
        """Last day of a membership month, in days since 1970-01-01."""
        months = self.inputs.months
        end = months.loc[months["months_back"] == months_back, "month_end_date"].iloc[0]
        return int(
            pd.Timestamp(end).to_datetime64().astype("datetime64[D]").astype(int)
        )

    # -- Trials ----------------------------------------------------------------

    def trials(self) -> list[dict]:
        """Fit, choose, and gather the evidence for the choice."""
        settings = self.settings
        months = self.inputs.months
        sample = self.sample(0) if len(self.ids) and len(months) else None
        if sample is None:
            return []
        paths = np.nan_to_num(sample.represented, nan=np.inf)
        different = len(np.unique(paths, axis=0))
        last = min(settings.k_max, len(sample.ids) - 1, different)
        counts = range(settings.k_min, last + 1)
        if not counts:  # everyone is alike: nothing to tell apart
            return []
        fits = [(metric, k) for metric in settings.metrics for k in counts]
        rows, shared = [], {}
        for metric, k in tqdm(fits, desc=self.name, unit="trial", disable=None):
            if metric not in shared:
                shared[metric] = _Shared(settings, metric, sample.represented)
            rows.append(self._trial(sample, shared[metric], metric, k))
        chosen = choose([row for row in rows if row["metric"] == settings.metric])
        for row in rows:
            row["is_chosen"] = row is chosen
            row["reason"] = _reason(row, chosen)
        self._examine(chosen, sample)
        return rows

    def _trial(self, sample: Sample, shared: "_Shared", metric: str, k: int) -> dict:
        settings, X = self.settings, sample.represented
        model = _quietly(settings.model(k, metric), X)
        labels, centres = self._numbered(model, sample.windows)
        own = distances(X, centres, metric, model.window)[np.arange(len(X)), labels]
        values = evidence.silhouettes(shared.distances, labels)
        generator = np.random.default_rng(settings.seed)
        low, high = evidence.bootstrap_interval(values, generator)
        sizes = np.bincount(labels, minlength=k)
        overall = distances(centres, shared.centre, metric, model.window)[:, 0]
        between = distances(centres, centres, metric, model.window)
        return {
            **self._frozen(sample, metric, k),
            "silhouette": float(values.mean()),
            "silhouette_low": low,
            "silhouette_high": high,
            "inertia": float((own**2).mean()),
            "calinski_harabasz": evidence.calinski_harabasz(own, labels, overall),
            "davies_bouldin": evidence.davies_bouldin(own, labels, between),
            "within_between_ratio": evidence.within_between_ratio(
                shared.distances, labels
            ),
            "smallest_share": float(sizes.min() / len(labels)),
            "bootstrap_ari": self._stability(X, labels, metric, k)
            if metric == "euclidean"
            else None,
            **(self._cross_checks(X, labels, k) if settings.is_static else {}),
            "has_structure": False,
            "centroids": centres.ravel().tolist(),
            "member_means": _member_means(sample.windows, labels, k).ravel().tolist(),
            "sizes": sizes.tolist(),
            "sample_labels": (labels + 1).tolist(),
            "sample_silhouettes": values.tolist(),
        }

    def _frozen(self, sample: Sample, metric: str, k: int) -> dict:
        """The part of a row that says what was fitted on what."""
        settings = self.settings
        digest = hashlib.sha256("\n".join(sample.ids).encode())
        digest.update(np.ascontiguousarray(sample.windows).tobytes())
        return {
            "segmentation": self.name,
            "series": settings.series,
            "representation": settings.representation,
            "smoothing_steps": settings.smoothing_steps,
            "metric": metric,
            "k": k,
            "band": settings.band if metric == "dtw" else None,
            "steps": settings.window,
            "features": list(settings.features),
            "sampled_customers": len(sample.ids),
            "sample_customer_ids": sample.ids.tolist(),
            "location": sample.representation.location_.tolist(),
            "scale": sample.representation.scale_.tolist(),
            "log_features": sample.representation.log_features_.tolist(),
            "seed": settings.seed,
            "data_hash": digest.hexdigest()[:16],
        }

    def _numbered(self, model, windows) -> tuple[np.ndarray, np.ndarray]:
        """Order the clusters by the members' mean of ``numbered_by``, largest first."""
        means = _member_means(windows, model.labels_, model.n_clusters)
        by = list(self.settings.features).index(self.settings.numbered_by)
        steps = np.maximum((~np.isnan(means[:, :, by])).sum(axis=1), 1)
        level = np.nansum(means[:, :, by], axis=1) / steps
        order = np.argsort(-level, kind="stable")
        return np.argsort(order)[model.labels_], model.cluster_centers_[order]

    def _cross_checks(self, X: np.ndarray, labels: np.ndarray, k: int) -> dict:
        flat = X.reshape(len(X), -1)
        radius, clusters, agreement = evidence.dbscan_check(flat, labels)
        coordinates = evidence.principal_coordinates(flat)
        return {
            "hierarchical_ari": evidence.hierarchical_ari(flat, labels, k),
            "dbscan_eps": radius,
            "dbscan_clusters": clusters,
            "dbscan_ari": agreement,
            "sample_x": coordinates[:, 0].tolist(),
            "sample_y": coordinates[:, 1].tolist(),
        }

    # -- Evidence --------------------------------------------------------------

    def _examine(self, row: dict, sample: Sample) -> None:
        """Measure the chosen trial and write the verdict into its row."""
        metric, k = row["metric"], row["k"]
        labels = np.array(row["sample_labels"]) - 1
        if row["bootstrap_ari"] is None:
            row["bootstrap_ari"] = self._stability(
                sample.represented, labels, metric, k
            )
        row["predictive_r2"] = self.predictive_r2(metric, k)
        nulls, persistences = self.null(metric, k)
        real = self._persistence(self.orders)
        row["null_silhouettes"] = nulls.tolist()
        row["null_silhouette"] = _mean(nulls)
        row["null_p_value"] = evidence.p_value(row["silhouette"], nulls)
        row["persistence_gap"], row["persistence_p_value"] = (
            evidence.persistence_departure(real, persistences)
        )
        measured = evidence.Findings.__dataclass_fields__
        found = evidence.Findings(**{name: row[name] for name in measured})
        row["has_structure"], sentence = evidence.verdict(found)
        row["reason"] = f"{row['reason']} {sentence}"

    def _stability(self, X, labels, metric: str, k: int) -> float:
        def fit_predict(rows: np.ndarray) -> np.ndarray:
            return _quietly(self.settings.model(k, metric), X[rows]).predict(X)

        generator = np.random.default_rng(self.settings.seed)
        refits = self.settings.bootstrap_refits
        return evidence.bootstrap_stability(fit_predict, labels, generator, refits)

    def null(self, metric: str, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Silhouettes and persistences of refits on shuffled orders."""
        silhouettes, persistences = [], []
        shuffles = range(self.settings.null_shuffles)
        label = f"{self.name} shuffled"
        for shuffle in tqdm(shuffles, desc=label, unit="refit", disable=None):
            generator = np.random.default_rng([self.settings.seed, shuffle])
            orders = self.orders.shuffled(generator)
            persistences.append(self._persistence(orders))
            sample = self._from_orders(orders)
            if sample is None or len(sample.ids) <= k:
                continue
            X = sample.represented
            model = _quietly(self.settings.model(k, metric), X)
            between = distances(X, X, metric, model.window, n_jobs=-1)
            silhouettes.append(evidence.silhouettes(between, model.labels_).mean())
        return np.array(silhouettes, float), np.array(persistences, float)

    def _is_active(self, orders: Orders) -> np.ndarray:
        settings = self.settings
        history = settings.months_of_history, settings.orders_of_history
        last_day = self.last_day()
        return is_active(settings.series, orders, len(self.ids), last_day, *history)

    def _persistence(self, orders: Orders) -> np.ndarray:
        """Of all customers who ordered in the last year: the shop's own trait."""
        last_day = self.last_day()
        ordered = is_active("rfm", orders, len(self.ids), last_day, 1, 1)
        return evidence.persistence(orders, np.flatnonzero(ordered), last_day)

    def _from_orders(self, orders: Orders) -> Sample | None:
        """Build the series from orders and sample them as the real ones."""
        settings, customers = self.settings, len(self.ids)
        sessions = np.zeros(customers)
        if "sessions" in settings.features:
            column = list(settings.features).index("sessions")
            sessions = np.nan_to_num(self.matrix[:, -1, column])
        matrix = build(settings.series, orders, customers, self.last_day(), sessions)
        rows = np.flatnonzero(self._is_active(orders))
        counts = np.bincount(orders.customer, minlength=customers)[rows]
        return self._drawn(rows, window(matrix[rows], 0, settings.window), counts)

    def predictive_r2(self, metric: str, k: int) -> float:
        """Fit on the window of three months ago; predict the 90 days after it."""
        months = self.inputs.months
        if not (months["months_back"] == MONTHS_AHEAD).any():
            return float("nan")
        sample = self.sample(MONTHS_AHEAD)
        if sample is None or len(sample.ids) <= k:
            return float("nan")
        model = _quietly(self.settings.model(k, metric), sample.represented)
        end = self.last_day(MONTHS_AHEAD)
        spend = spend_between(self.orders, len(self.ids), end, end + DAYS_AHEAD)
        spend = spend[self.ids.get_indexer(sample.ids)]
        generator = np.random.default_rng(self.settings.seed)
        outcome = np.log1p(np.maximum(spend, 0.0))
        return evidence.predictive_r2(model.labels_, outcome, generator)


class _Shared:
    """What all trials of one metric share: distances and the overall centre."""

    def __init__(self, settings: Settings, metric: str, X: np.ndarray):
        model = settings.model(1, metric)
        self.distances = distances(X, X, metric, model.window, n_jobs=-1)
        self.centre = _quietly(model, X).cluster_centers_


def choose(rows: list[dict]) -> dict:
    """Pick the trial with the highest silhouette; on a tie the fewest clusters."""
    best = max(row["silhouette"] for row in rows)
    tied = [row for row in rows if row["silhouette"] >= best - SAME_SILHOUETTE]
    return min(tied, key=lambda row: row["k"])


def _reason(row: dict, chosen: dict) -> str:
    if row is chosen:
        return (
            f"Chosen: k = {row['k']} has the highest {row['metric']} silhouette"
            f" ({row['silhouette']:.3f}), ties going to fewer clusters."
        )
    if row["metric"] != chosen["metric"]:
        return f"Not chosen: the segmentation's metric is {chosen['metric']}."
    return (
        f"Not chosen: silhouette {row['silhouette']:.3f} against"
        f" {chosen['silhouette']:.3f} for k = {chosen['k']}."
    )


def _member_means(windows: np.ndarray, labels: np.ndarray, clusters: int) -> np.ndarray:
    """Mean of each cluster's members per step and feature, in original units.

    Returns (clusters, steps, features); NaN where no member has the step.
    """
    members = np.eye(clusters)[labels].T
    present = (~np.isnan(windows)).reshape(len(windows), -1).astype(float)
    sums = members @ np.nan_to_num(windows).reshape(len(windows), -1)
    counts = members @ present
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means.reshape(clusters, *windows.shape[1:])


def _quietly(model: TrajectoryKMeans, X: np.ndarray) -> TrajectoryKMeans:
    """Fit without the warning that fewer clusters than asked for were found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X)


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
