"""Trials: every candidate fit of every segmentation, with its evidence.

A trial is one candidate (representation, metric, band) with one number of clusters.
Every trial is measured in full; ``choice.choose`` then picks one per segmentation.
"""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from trajectories.clustering import TrajectoryKMeans
from trajectories.metrics import distances
from trajectories.series.orders import RFM, build, spend_between
from trajectories.series.representations import Representation
from trajectories.trials import evidence
from trajectories.trials.choice import THRESHOLDS, choose
from trajectories.trials.samples import Active, Sampler, Shop
from trajectories.trials.settings import Candidate, Settings

__all__ = ["MONTHS_AHEAD", "TRIAL_SCHEMA", "run_shop_trials", "run_trials"]

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
                "within_between_low",
                "within_between_high",
                "null_silhouette",
                "null_p_value",
                "persistence_gap",
                "persistence_p_value",
                "bootstrap_ari",
                "predictive_r2",
                "rfm_predictive_r2",
                "added_predictive_r2",
                "activity_r2",
                "rfm_activity_r2",
                "smallest_share",
                "hierarchical_ari",
                "dbscan_ari",
            ],
            pa.float64(),
        ),
        "dbscan_clusters": pa.int64(),
        "dbscan_eps": pa.float64(),
        "is_elbow": pa.bool_(),
        "is_recipe": pa.bool_(),
        "has_structure": pa.bool_(),
        "is_separated": pa.bool_(),
        "failed_step": pa.string(),
        "shortcoming": pa.string(),
        "gain": pa.float64(),
        "score": pa.float64(),
        "is_chosen": pa.bool_(),
        "chosen_by": pa.string(),
        "reason": pa.string(),
        **{
            name: pa.int64() if isinstance(value, int) else pa.float64()
            for name, value in THRESHOLDS.items()
        },
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


def run_trials(
    segmentations: Mapping[str, Mapping],
    series: pa.Table | pd.DataFrame,
    stages: pa.Table | pd.DataFrame,
    months: pa.Table | pd.DataFrame,
    orders: pa.Table | pd.DataFrame,
    **common,
) -> pa.Table:
    """Run all trials of all segmentations and choose one for each.

    Args:
        segmentations: settings by name; see :class:`Settings`.
        series, stages, months, orders: see :class:`Shop`; the orders are those of
            the same customers.
        common: settings that hold for all segmentations (seed, ...).

    Returns:
        One row per trial with the columns of ``TRIAL_SCHEMA``, sorted. A
        segmentation with fewer than twice ``k_min`` active customers, or with fewer
        than ``k_min`` different paths, has none. No number depends on how many
        threads there are.
    """
    shop = Shop.of(series, stages, months, orders)
    return run_shop_trials(segmentations, shop, **common)


def run_shop_trials(
    segmentations: Mapping[str, Mapping], shop: Shop, **common
) -> pa.Table:
    """Do what :func:`run_trials` does on a shop, which may be one of an earlier day."""
    parts = [
        _Segmentation(name, Settings(**{**common, **segmentations[name]}), shop)
        for name in sorted(segmentations)
    ]
    parts = [part for part in parts if part.fits]
    tasks = [(part, fit) for part in parts for fit in part.fits]
    measured = _in_parallel(lambda task: task[0].trial(*task[1]), tasks, "trials")
    rows = {part.name: [] for part in parts}
    for (part, _), row in zip(tasks, measured, strict=True):
        rows[part.name].append(row)
    _compare_with_chance(shop, parts, rows)
    for part in parts:
        _mark_elbows(rows[part.name])
        choose(rows[part.name], part.settings.choose)
    every = [_without_nan(row) for part in parts for row in rows[part.name]]
    return pa.Table.from_pylist(every, schema=TRIAL_SCHEMA)


def _in_parallel(function: Callable, tasks: Iterable, description: str) -> list:
    """Apply a function to tasks in threads; results in the order of the tasks.

    The kernels let go of the interpreter. Each thread computes alone: many small
    fits would only wait for each other, and sums stay the same on any machine.
    """
    tasks = list(tasks)
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
        ThreadPoolExecutor(
            os.cpu_count(), initializer=threadpool_limits, initargs=(1,)
        ) as pool,
    ):
        # Fewer clusters than asked for are seen in the sizes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        done = pool.map(function, tasks)
        return list(tqdm(done, desc=description, total=len(tasks), disable=None))


class _Segmentation:
    """The trials of one segmentation, each measured alone."""

    def __init__(self, name: str, settings: Settings, shop: Shop):
        self.name, self.settings, self.shop = name, settings, shop
        self.sampler = Sampler(settings, shop)
        self.now = self.sampler.of_month(0)
        self.before = self.sampler.of_month(MONTHS_AHEAD) if self.now else None
        self.candidates = []
        if self.now:
            self.candidates = [
                _Compared(settings, c, self.now, self.before, n_jobs=-1)
                for c in settings.tried
            ]
        self.fits = [(c, k) for c in self.candidates for k in c.numbers]
        if self.before:
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Measure what came in the days after the earlier month, and RFM before."""
        end, orders = self.shop.last_day(MONTHS_AHEAD), self.shop.orders
        customers, rows = len(self.shop.ids), self.before.rows
        spend = spend_between(orders, customers, end, end + DAYS_AHEAD)[rows]
        ahead = (orders.day > end) & (orders.day <= end + DAYS_AHEAD)
        ordered = orders.customer[ahead & ~orders.is_return]
        self.outcomes = {
            "spend": np.log1p(np.maximum(spend, 0.0)),
            "activity": (np.bincount(ordered, minlength=customers)[rows] > 0) * 1.0,
        }
        no_sessions = np.zeros(customers)
        self.rfm = build(RFM, orders, customers, end, no_sessions)[rows, -1]

    def trial(self, compared: "_Compared", k: int) -> dict:
        """Fit one trial and measure all but its distance from chance."""
        settings, candidate, X = self.settings, compared.candidate, compared.X
        model = settings.model(k, candidate).fit(X)
        labels, centres = self._numbered(compared, model)
        metric, band = candidate.metric, candidate.band
        own = distances(X, centres, metric, band)[np.arange(len(X)), labels]
        values = evidence.silhouettes(compared.distances, labels)
        generator = np.random.default_rng(settings.seed)
        low, high = evidence.bootstrap_interval(values, generator)
        near, far = evidence.within_between_interval(compared.distances, labels)
        sizes = np.bincount(labels, minlength=k)
        overall = distances(centres, compared.centre, metric, band)[:, 0]
        between = distances(centres, centres, metric, band)
        means = _member_means(compared.now.sample, labels, k)
        return {
            **self._frozen(compared, k),
            "silhouette": float(values.mean()),
            "silhouette_low": low,
            "silhouette_high": high,
            "inertia": float((own**2).mean()),
            "calinski_harabasz": evidence.calinski_harabasz(own, labels, overall),
            "davies_bouldin": evidence.davies_bouldin(own, labels, between),
            "within_between_ratio": evidence.within_between_ratio(
                compared.distances, labels
            ),
            "within_between_low": near,
            "within_between_high": far,
            "smallest_share": float(sizes.min() / len(labels)),
            "bootstrap_ari": self._stability(compared, labels, k),
            **self._predictions(compared, k),
            **(self._cross_checks(compared, labels, k) if settings.is_static else {}),
            "centroids": centres.ravel().tolist(),
            "member_means": means.ravel().tolist(),
            "sizes": sizes.tolist(),
            "sample_labels": (labels + 1).tolist(),
            "sample_silhouettes": values.tolist(),
        }

    def _frozen(self, compared: "_Compared", k: int) -> dict:
        """The part of a row that says what was fitted on what."""
        settings, now = self.settings, compared.now
        ids = self.shop.ids[now.rows[now.drawn]].tolist()
        digest = hashlib.sha256("\n".join(ids).encode())
        digest.update(np.ascontiguousarray(now.sample).tobytes())
        return {
            "segmentation": self.name,
            "series": settings.series,
            **compared.candidate.key,
            "is_recipe": compared.candidate.is_recipe,
            "k": k,
            "steps": settings.steps,
            "features": list(settings.features),
            "sampled_customers": len(ids),
            "sample_customer_ids": ids,
            "location": compared.scaling.location_.tolist(),
            "scale": compared.scaling.scale_.tolist(),
            "log_features": compared.scaling.log_features_.tolist(),
            "seed": settings.seed,
            "data_hash": digest.hexdigest()[:16],
        }

    def _numbered(
        self, compared: "_Compared", model: TrajectoryKMeans
    ) -> tuple[np.ndarray, np.ndarray]:
        """Order the clusters by the members' mean of ``numbered_by``, largest first."""
        means = _member_means(compared.now.sample, model.labels_, model.n_clusters)
        by = list(self.settings.features).index(self.settings.numbered_by)
        steps = np.maximum((~np.isnan(means[:, :, by])).sum(axis=1), 1)
        level = np.nansum(means[:, :, by], axis=1) / steps
        order = np.argsort(-level, kind="stable")
        return np.argsort(order)[model.labels_], model.cluster_centers_[order]

    def _stability(self, compared: "_Compared", labels: np.ndarray, k: int) -> float:
        settings, X = self.settings, compared.X

        def fit_predict(rows: np.ndarray) -> np.ndarray:
            model = settings.model(k, compared.candidate)
            return model.fit(X[rows]).predict(X)

        generator = np.random.default_rng(settings.seed)
        refits = settings.bootstrap_refits
        return evidence.bootstrap_stability(fit_predict, labels, generator, refits)

    def _predictions(self, compared: "_Compared", k: int) -> dict:
        """Fit on the window of three months ago; predict the 90 days after it.

        Fitted on resamples of the sample, measured on all active customers of that
        month, and averaged: one fit's luck says little about the number of clusters.
        The folds are the same for all groupings and trials.
        """
        before, settings = compared.before, self.settings
        if before is None or len(before.drawn) <= k:
            return {}
        sample, everyone = compared.earlier
        rfm = evidence.rfm_groups(self.rfm, k)
        generator = np.random.default_rng(settings.seed)
        found = []
        for _ in range(settings.predictive_refits):
            rows = generator.integers(0, len(sample), len(sample))
            model = settings.model(k, compared.candidate)
            labels = model.fit(sample[rows]).predict(everyone)
            both = np.column_stack([labels, rfm])
            asked = (labels, "spend"), (both, "spend"), (labels, "activity")
            found.append([self._r2(*question) for question in asked])
        spend, spend_beside_rfm, activity = np.mean(found, axis=0)
        rfm_spend = self._r2(rfm, "spend")
        return {
            "predictive_r2": float(spend),
            "rfm_predictive_r2": rfm_spend,
            "added_predictive_r2": float(spend_beside_rfm) - rfm_spend,
            "activity_r2": float(activity),
            "rfm_activity_r2": self._r2(rfm, "activity"),
        }

    def _r2(self, groupings: np.ndarray, outcome: str) -> float:
        generator = np.random.default_rng(self.settings.seed)
        return evidence.predictive_r2(groupings, self.outcomes[outcome], generator)

    def _cross_checks(self, compared: "_Compared", labels, k: int) -> dict:
        radius, found = compared.density
        return {
            "hierarchical_ari": evidence.hierarchical_ari(compared.flat, labels, k),
            "dbscan_eps": radius,
            "dbscan_clusters": int(found.max() + 1),
            "dbscan_ari": evidence.density_ari(found, labels),
            "sample_x": compared.coordinates[:, 0].tolist(),
            "sample_y": compared.coordinates[:, 1].tolist(),
        }

    def silhouettes_of(self, orders, built: dict[str, np.ndarray]) -> np.ndarray:
        """Silhouettes of all trials refitted on (shuffled) orders, (trials,).

        NaN where too few customers are left. The series are built and compared once
        for all numbers of clusters.
        """
        settings, found = self.settings, np.full(len(self.fits), np.nan)
        if not settings.null_shuffles:
            return found
        active = self.sampler.of_orders(orders, built)
        compared = {}
        for place, (original, k) in enumerate(self.fits):
            candidate = original.candidate
            most = candidate.sample_customers
            if active is None or len(active.at_most(most).drawn) <= k:
                continue
            if candidate not in compared:
                compared[candidate] = _Compared(settings, candidate, active)
            X = compared[candidate].X
            model = settings.model(k, candidate).fit(X)
            values = evidence.silhouettes(compared[candidate].distances, model.labels_)
            found[place] = values.mean()
        return found


class _Compared:
    """A sample in one candidate's representation, and what all its trials share.

    Attributes:
        now: the customers, with as many in the sample as the candidate takes.
        before: the same three months ago, None where not asked for.
        X: (customers, steps, features).
        distances: (customers, customers).
        numbers: the numbers of clusters that these paths allow.
    """

    def __init__(
        self,
        settings: Settings,
        candidate: Candidate,
        active: Active,
        before: Active | None = None,
        n_jobs: int | None = None,
    ):
        self.settings, self.candidate = settings, candidate
        most = candidate.sample_customers
        self.now = active.at_most(most)
        self.before = before and before.at_most(most)
        self.scaling: Representation = candidate.scaling().fit(self.now.sample)
        self.X = self.scaling.transform(self.now.sample)
        self.distances = distances(
            self.X, self.X, candidate.metric, candidate.band, n_jobs
        )

    @property
    def numbers(self) -> range:
        different = len(np.unique(np.nan_to_num(self.X, nan=np.inf), axis=0))
        least, most = self.settings.numbers_of(self.candidate)
        return range(least, min(most, len(self.X) - 1, different) + 1)

    @cached_property
    def centre(self) -> np.ndarray:
        """The centre of all customers, (1, steps, features)."""
        return self.settings.model(1, self.candidate).fit(self.X).cluster_centers_

    @cached_property
    def earlier(self) -> tuple[np.ndarray, np.ndarray]:
        """The sample of three months ago, and all active customers of then."""
        scaling = self.candidate.scaling().fit(self.before.sample)
        sample, everyone = self.before.sample, self.before.windows
        return scaling.transform(sample), scaling.transform(everyone)

    @property
    def flat(self) -> np.ndarray:
        """All numbers of each customer, (customers, steps x features)."""
        return self.X.reshape(len(self.X), -1)

    @cached_property
    def density(self) -> tuple[float, np.ndarray]:
        """Radius and clusters by density; see ``evidence.density_clusters``."""
        return evidence.density_clusters(self.flat)

    @cached_property
    def coordinates(self) -> np.ndarray:
        """Where each customer is drawn, (customers, 2)."""
        return evidence.principal_coordinates(self.flat)


def _compare_with_chance(
    shop: Shop, parts: list[_Segmentation], rows: dict[str, list[dict]]
) -> None:
    """Measure all trials on shuffled orders and write what it says into the rows.

    All trials of all segmentations see the same shuffles, so that their p-values
    are corrected for one another. The real orders go the same way as the shuffled.
    """
    if not parts:
        return
    shuffles = max(part.settings.null_shuffles for part in parts)
    seed = parts[0].settings.seed

    def measure(shuffle: int) -> np.ndarray:
        orders, built = shop.orders, {}
        if shuffle:
            orders = orders.shuffled(np.random.default_rng([seed, shuffle]))
        silhouettes = [
            part.silhouettes_of(orders, built)
            if shuffle <= part.settings.null_shuffles
            else np.full(len(part.fits), np.nan)
            for part in parts
        ]
        return np.concatenate([*silhouettes, shop.persistence(orders)])

    measured = np.array(_in_parallel(measure, range(shuffles + 1), "shuffles"))
    silhouettes, persistences = measured[:, :-3], measured[:, -3:]
    far = evidence.persistence_departures(persistences[0], persistences[1:])
    # One statistic of the whole shop, which is no trial and has a p of its own.
    (persistence_p_value,) = evidence.family_p_values(far[:1], far[1:, None])
    p_values = evidence.family_p_values(silhouettes[0], silhouettes[1:])
    gap = persistences[0] - _mean_of_known(persistences[1:])
    every = [row for part in parts for row in rows[part.name]]
    for row, nulls, p_value in zip(every, silhouettes.T, p_values, strict=True):
        row["null_silhouettes"] = nulls[1:].tolist()
        row["null_silhouette"] = float(_mean_of_known(nulls[1:, None])[0])
        row["null_p_value"] = float(p_value)
        row["persistence_gap"] = float(np.sqrt((gap**2).mean()))
        row["persistence_p_value"] = float(persistence_p_value)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """Mean over the rows without NaN of (rows, columns); NaN where there is none."""
    known = values[~np.isnan(values).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(values.shape[1], np.nan)


def _without_nan(row: dict) -> dict:
    """What was not measured, or is no finite number, is null in a table."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in row.items()
    }


def _mark_elbows(rows: list[dict]) -> None:
    """Mark, within each candidate, the k at the elbow of inertia."""
    by_candidate: dict[tuple, list[dict]] = {}
    for row in rows:
        key = tuple(
            row[name]
            for name in ("representation", "smoothing_steps", "metric", "band")
        )
        by_candidate.setdefault(key, []).append(row)
    for tried in by_candidate.values():
        numbers = np.array([row["k"] for row in tried])
        bend = evidence.elbow(numbers, np.array([row["inertia"] for row in tried]))
        for row in tried:
            row["is_elbow"] = row["k"] == bend


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
