"""Fits and compares models on the shop as it was at the end of a month."""

import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial.distance import cdist
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from trajectories.segments.agreement import agreement, jaccards, match
from trajectories.segments.assignment import assign, representation_of
from trajectories.trials.model_versions import Build
from trajectories.trials.samples import Active, Sampler, Shop
from trajectories.trials.settings import CANDIDATE_KEY, Candidate, Settings
from trajectories.trials.trials import MONTHS_AHEAD, run_shop_trials

# Starts of a trial refit: many, so that it tells of the data and not of its luck.
CHECK_STARTS = 10
ENDS = ("", "_low", "_high")


class Fitter:
    """Fits models to a shop, month by month, none of which knows of a later one.

    Examples:
        >>> from datetime import date
        >>> ids = [f"{number:02d}" for number in range(40)]
        >>> often = [number % 2 for number in range(40)]
        >>> values = [[3.0 + n % 5 if often[n] else 80.0 + n % 7] for n in range(40)]
        >>> end = date(2018, 1, 31)
        >>> calendar = {"month": [date(2018, 1, 1)], "month_end_date": [end]}
        >>> months = pa.table({**calendar, "months_back": [0], "days_back": [0]})
        >>> drawn = pa.table({"month": calendar["month"] * 40, "customer_id": ids})
        >>> series = {"series": ["rfm"] * 40, "customer_id": ids}
        >>> stages = {**series, "month": calendar["month"] * 40}
        >>> stages |= {"stage": ["active"] * 40, "orders_in_window": [3] * 40}
        >>> series["series_values"] = values
        >>> orders = {name: [10.0] * 40 for name in ("amount", "items", "list_amount")}
        >>> orders |= {"discount_amount": [0.0] * 40, "returned_amount": [0.0] * 40}
        >>> orders |= {"customer_id": ids, "order_date": [end] * 40}
        >>> orders["is_return"] = [False] * 40
        >>> settings = {
        ...     "series": "rfm", "features": ["recency_days"], "period": "month",
        ...     "window": 12, "is_static": True, "numbered_by": "recency_days",
        ...     "candidates": [{"representation": "population", "metric": "euclidean"}],
        ...     "k_max": 2, "null_shuffles": 0, "bootstrap_refits": 0,
        ... }
        >>> build = Build({"value": settings}, {}, 1000, "my shop")
        >>> tables = (pa.table(it) for it in (series, stages, orders))
        >>> fitter = Fitter(build, months, drawn, *tables)
        >>> (trial,) = fitter.fit(["value"], 0).to_pylist()
        >>> trial["k"], trial["sizes"]
        (2, [20, 20])
        >>> customers, distances = fitter.compare(trial, trial, 0)
        >>> customers.tolist(), distances.diagonal().tolist()
        ([[20, 0], [0, 20]], [0.0, 0.0])
    """

    def __init__(
        self,
        build: Build,
        months: pa.Table,
        drawn: pa.Table,
        series: pa.Table,
        stages: pa.Table,
        orders: pa.Table,
    ):
        """Take what all months need.

        Args:
            build: gives the settings of the segmentations.
            months: the membership months.
            drawn: columns month and customer_id: who is looked at in a month.
            series, stages, orders: see :class:`Shop`, of all these customers.
        """
        self.segmentations, self.common = build.segmentations, build.common
        shop = Shop.of(series, stages, months, orders)
        customers = drawn.to_pandas().groupby("month")["customer_id"].agg(set)
        ends = months.to_pandas().set_index("months_back")["month"]
        # Months come one after the other, each with all segmentations.
        self.shop_at = lru_cache(1)(lambda back: shop.at(back, customers[ends[back]]))
        self.active_at = lru_cache(len(self.segmentations))(self._active_at)

    def fit(self, names: Sequence[str], back: int) -> pa.Table:
        """Run all trials of some segmentations on a month so many months back."""
        segmentations = {name: self.segmentations[name] for name in names}
        return run_shop_trials(segmentations, self.shop_at(back), **self.common)

    def compare(
        self, before: Mapping, after: Mapping, back: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hold the clusters of two models against each other on a month's customers.

        Args:
            before, after: rows of chosen trials of one segmentation.
            back: the month, in months back.

        Returns:
            Two arrays of shape (k of before, k of after): the customers in both; and
            how far the means of their customers are apart, as the model after sees
            them, NaN where a cluster has nobody.
        """
        active = self.active_at(before["segmentation"], back)
        shape = before["k"], after["k"]
        if active is None:
            return np.zeros(shape, dtype=np.int64), np.full(shape, np.nan)
        numbers = [assign(active.windows, m, n_jobs=1)[0] - 1 for m in (before, after)]
        seen = representation_of(after).transform(active.windows)
        means = [_means(seen, own, k) for own, k in zip(numbers, shape, strict=True)]
        return _crossed(*numbers, shape), cdist(*means)

    def check(self, model: Mapping, back: int) -> dict:
        """Refit a model's trial on a month and compare the two on its customers.

        Args:
            model: row of a chosen trial.
            back: the month, in months back.

        Returns:
            customers, ari, ari_low, ari_high, ami, ami_low, ami_high; and jaccard,
            jaccard_low, jaccard_high, each a list of one number per cluster of the
            model, 0 where the refit has no cluster for it. None where the month has
            too few customers for a refit.
        """
        name, k = model["segmentation"], model["k"]
        active = self.active_at(name, back)
        if active is None or len(active.drawn) <= k:
            return _measured(np.zeros((k, k), dtype=np.int64), None)
        settings, candidate = self._settings(name), _candidate(model)
        scaling = candidate.scaling().fit(active.sample)
        # Not the seed of the fit, which would draw the same starts.
        refit = settings.model(k, candidate)
        refit.set_params(n_init=CHECK_STARTS, random_state=settings.seed + 1)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            refit.fit(scaling.transform(active.sample))
            found = refit.predict(scaling.transform(active.windows))
        numbers = assign(active.windows, model, n_jobs=1)[0] - 1
        cells = _crossed(numbers, found, (k, k))
        return _measured(cells, np.random.default_rng(settings.seed))

    def _active_at(self, name: str, back: int) -> Active | None:
        return Sampler(self._settings(name), self.shop_at(back)).of_month(0)

    def _settings(self, name: str) -> Settings:
        return Settings(**{**self.common, **self.segmentations[name]})


def fitted_months(months: pa.Table, backs: Sequence[int]) -> tuple[pa.Table, pa.Table]:
    """Pick membership months, and these with what trials compare them with.

    Args:
        months: the membership months, with the columns month and months_back.
        backs: the ones that are asked for, in months back.

    Returns:
        Two tables with the column month.

    Examples:
        >>> months = pa.table({"month": ["May", "Jun"], "months_back": [3, 0]})
        >>> [table["month"].to_pylist() for table in fitted_months(months, [0])]
        [['Jun'], ['May', 'Jun']]
    """
    measured = {back + ahead for back in backs for ahead in (0, MONTHS_AHEAD)}
    return tuple(
        months.filter(pc.is_in(months["months_back"], pa.array(sorted(asked)))).select(
            ["month"]
        )
        for asked in (backs, measured)
    )


def customer_table(ids: Sequence[str]) -> pa.Table:
    """Make a table of customers, with the column customer_id.

    Examples:
        >>> customer_table(["a", "b"]).to_pydict()
        {'customer_id': ['a', 'b']}
    """
    return pa.table({"customer_id": pa.array(ids, pa.string())})


def _candidate(model: Mapping) -> Candidate:
    return Candidate(**{name: model[name] for name in CANDIDATE_KEY})


def _means(series: np.ndarray, clusters: np.ndarray, k: int) -> np.ndarray:
    """Mean path of each cluster, (k, steps x features); NaN where it has nobody.

    A step that none of a cluster's customers has is 0, the mean of all.
    """
    flat = series.reshape(len(series), -1)
    known = ~np.isnan(flat)
    sums, counts = (np.zeros((k, flat.shape[1])) for _ in range(2))
    np.add.at(sums, clusters, np.where(known, flat, 0.0))
    np.add.at(counts, clusters, known)
    means = sums / np.maximum(counts, 1)
    return np.where(counts.any(axis=1, keepdims=True), means, np.nan)


def _crossed(before: np.ndarray, after: np.ndarray, shape: tuple) -> np.ndarray:
    """Count customers by two groupings, each numbered from 0."""
    cells = np.zeros(shape, dtype=np.int64)
    np.add.at(cells, (before, after), 1)
    return cells


def _measured(cells: np.ndarray, generator: np.random.Generator | None) -> dict:
    """Measure the agreement of a model (rows) and its refit (columns)."""
    clusters, customers = len(cells), int(cells.sum())
    if customers < 2:
        names = [f"{index}{end}" for index in ("ari", "ami") for end in ENDS]
        parts = {f"jaccard{end}": [None] * clusters for end in ENDS}
        return {"customers": customers, **dict.fromkeys(names), **parts}
    whole = agreement(cells, generator)
    pairs = match(cells, least=0.0)
    parts = np.zeros((len(ENDS), clusters))
    parts[:, pairs[:, 0]] = np.transpose(jaccards(cells, pairs, generator))
    return {
        "customers": customers,
        **{
            f"{index}{end}": float(number)
            for index in ("ari", "ami")
            for end, number in zip(ENDS, getattr(whole, index), strict=True)
        },
        **{
            f"jaccard{end}": numbers.tolist()
            for end, numbers in zip(ENDS, parts, strict=True)
        },
    }
