"""Scores by which customers are ranked: who will order within so many days."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from trajectories.value.purchases import HISTORY_COLUMNS, PurchaseModel

#: The ranking that every other has to beat: one line of SQL.
RANK_SUM = "rfm_rank_sum"
RECENCY = "recency"
PURCHASES = "purchases"
LOGIT = "logit"
BOOSTING = "boosting"
MEAN_RANK = "mean_rank"
#: What each is called in a sentence.
RANKINGS = {
    RANK_SUM: "the sum of the ranks by recency, frequency and spend",
    RECENCY: "the days since the last order",
    PURCHASES: "the chance of an order by the model of purchases",
    LOGIT: "a logistic regression on earlier months",
    BOOSTING: "boosted trees on earlier months",
    MEAN_RANK: "the mean rank of model, regression and rank sum",
}
#: Probabilities stay so far from 0 and 1 where their odds are taken.
EDGE = 1e-4
#: Points at which positions and calibrations are kept.
KNOTS = 101
#: Rows, at most, of which a classifier is trained, the newest origins first.
MOST_ROWS = 20_000
State = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Curve:
    """A rising function of a score, kept at points: a position, or a probability.

    Attributes:
        scores: rising.
        values: as many, never falling.
    """

    scores: Sequence[float]
    values: Sequence[float]

    def at(self, scores: np.ndarray) -> np.ndarray:
        """Give the values at scores, straight between the points, flat outside."""
        return np.interp(scores, self.scores, self.values)


@dataclass(frozen=True)
class Classifier:
    """A trained logistic regression or boosting, as numbers that can be stored.

    Attributes:
        offsets: subtracted from the features.
        scales: that they are divided by.
        weights: of a regression, one for each feature.
        intercept: of the log-odds.
        trees: of boosting: by tree, five lists of feature, threshold, left and right
            branch (0: a leaf) and value.
    """

    offsets: list[float]
    scales: list[float]
    weights: list[float]
    intercept: float
    trees: list[list[list[float]]] = field(default_factory=list)

    def odds(self, features: np.ndarray) -> np.ndarray:
        """Give log-odds (n,) of features (n, f)."""
        scaled = (features - self.offsets) / self.scales
        # Added up in one order, whoever else is scored.
        odds = np.full(len(scaled), self.intercept)
        for column, weight in zip(scaled.T, self.weights, strict=True):
            odds += weight * column
        for tree in self.trees:
            odds += _leaf_values(tree, scaled)
        return odds


@dataclass
class Ranker:
    """Everything by which the customers of an origin are scored for a horizon.

    Attributes:
        purchases: the fitted models of purchases, of which the mean is taken.
        horizon: days ahead.
        logit: None where no earlier origin has an outcome to learn from.
        boosting: likewise; tried for some horizons only.
        positions: by score, its place among the customers of the origin.
    """

    purchases: list[PurchaseModel]
    horizon: int
    logit: Classifier | None = None
    boosting: Classifier | None = None
    positions: dict[str, Curve] = field(default_factory=dict)

    def scores(self, state: State) -> dict[str, np.ndarray]:
        """Score customers by every way there is, each (n,) within 0 and 1."""
        recency = state["recency_rank"]
        ranks = recency + state["frequency_rank"] + state["monetary_rank"]
        probability = order_probability(self.purchases, state, self.horizon)
        found = {RANK_SUM: ranks / 3, RECENCY: recency, PURCHASES: probability}
        for name in (LOGIT, BOOSTING):
            trained = getattr(self, name)
            if trained is not None:
                features = order_features(self.purchases, state, self.horizon)
                found[name] = _chance(trained.odds(features))
        if self.logit is not None:
            places = (self._place(name, found[name]) for name in (PURCHASES, LOGIT))
            found[MEAN_RANK] = (sum(places) + found[RANK_SUM]) / 3
        return found

    def _place(self, name: str, scores: np.ndarray) -> np.ndarray:
        if name not in self.positions:
            self.positions[name] = position_curve(scores)
        return self.positions[name].at(scores)

    def as_text(self) -> str:
        """Write it as JSON, for scoring elsewhere."""
        models = [
            vars(one) | {"parameters": dict(one.parameters)} for one in self.purchases
        ]
        trained = {
            name: None if one is None else vars(one)
            for name, one in ((LOGIT, self.logit), (BOOSTING, self.boosting))
        }
        curves = {name: vars(curve) for name, curve in self.positions.items()}
        own = {"purchases": models, "horizon": self.horizon, "positions": curves}
        return json.dumps(own | trained)


def ranker_of(text: str) -> Ranker:
    """Read what `Ranker.as_text` wrote.

    Examples:
        >>> nbd = PurchaseModel("nbd", {"r": 1.0, "alpha": 90.0}, -9.0, -9.0, False)
        >>> ranker_of(Ranker([nbd], 90).as_text()).purchases[0].parameters["alpha"]
        90.0
    """
    own = json.loads(text)
    trained = {
        name: None if own[name] is None else Classifier(**own[name])
        for name in (LOGIT, BOOSTING)
    }
    return Ranker(
        purchases=[PurchaseModel(**one) for one in own["purchases"]],
        horizon=own["horizon"],
        positions={name: Curve(**curve) for name, curve in own["positions"].items()},
        **trained,
    )


def order_probability(
    models: Sequence[PurchaseModel], state: State, horizon: float
) -> np.ndarray:
    """P(an order within days), (n,), the mean of models, of customers at an origin."""
    history = [state[name] for name in HISTORY_COLUMNS]
    return sum(one.order_probability(*history, horizon) for one in models) / len(models)


def expected_order_days(
    models: Sequence[PurchaseModel], state: State, horizon: float
) -> np.ndarray:
    """E(order days within days), (n,), the mean of models, of customers."""
    history = [state[name] for name in HISTORY_COLUMNS]
    return sum(one.expected_orders(*history, horizon) for one in models) / len(models)


def order_features(
    models: Sequence[PurchaseModel], state: State, horizon: float
) -> np.ndarray:
    """Lay out what classifiers learn from, (n, f).

    Log-odds of an order by the models of purchases, which carry the horizon; logs of
    recency, repeat orders, spend and days observed; of order days in the last month,
    three and six; of the mean gap between own orders, and how much the gaps vary.
    """
    gaps = np.maximum(state["repeat_orders"], 1)
    mean = state["last_repeat_days"] / gaps
    spread = np.sqrt(np.maximum(state["gap_squares"] / gaps - mean**2, 0))
    logs = [
        state["observed_days"] - state["last_repeat_days"],
        state["repeat_orders"],
        np.maximum(state["revenue_amount"], 0),
        state["observed_days"],
        *(state[f"order_days_{months}_months"] for months in (1, 3, 6)),
        mean,
    ]
    variation = np.divide(spread, mean, out=np.zeros_like(mean), where=mean > 0)
    odds = log_odds(order_probability(models, state, horizon))
    return np.column_stack([odds, *(np.log1p(one) for one in logs), variation])


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Give log-odds, of probabilities kept off 0 and 1."""
    kept = np.clip(probabilities, EDGE, 1 - EDGE)
    return np.log(kept / (1 - kept))


def _chance(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


def train_logit(features: np.ndarray, came: np.ndarray) -> Classifier | None:
    """Train a logistic regression (scikit-learn) on standardised features.

    Args:
        features: (n, f).
        came: (n,), 1 or 0.

    Returns:
        None where all or none came.
    """
    if came.min(initial=1) == came.max(initial=0):
        return None
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    offsets, scales = features.mean(axis=0), features.std(axis=0)
    scales = np.where(scales > 1e-9, scales, 1.0)
    with threadpool_limits(1):
        fitted = LogisticRegression(max_iter=300).fit(
            (features - offsets) / scales, came
        )
    return Classifier(
        offsets.tolist(),
        scales.tolist(),
        fitted.coef_[0].tolist(),
        float(fitted.intercept_[0]),
    )


def train_boosting(
    features: np.ndarray, came: np.ndarray, seed: int
) -> Classifier | None:
    """Train gradient-boosted trees (scikit-learn's HistGradientBoosting).

    Args:
        features: (n, f).
        came: (n,), 1 or 0.
        seed: of its draws.

    Returns:
        None where all or none came.
    """
    if came.min(initial=1) == came.max(initial=0):
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier

    with threadpool_limits(1):  # sums of threads would depend on their number
        fitted = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=40, random_state=seed
        ).fit(features, came)
    names = ("feature_idx", "num_threshold", "left", "right", "value")
    trees = [
        [
            np.where(np.isfinite(tree.nodes[name]), tree.nodes[name], 1e300).tolist()
            for name in names
        ]
        for (tree,) in fitted._predictors
    ]
    size = features.shape[1]
    intercept = float(np.ravel(fitted._baseline_prediction)[0])
    return Classifier([0.0] * size, [1.0] * size, [0.0] * size, intercept, trees)


def _leaf_values(tree: list[list[float]], features: np.ndarray) -> np.ndarray:
    """Walk all rows down a tree at once."""
    column, threshold, left, right, value = map(np.array, tree)
    column, left, right = (one.astype(int) for one in (column, left, right))
    place, rows = np.zeros(len(features), dtype=int), np.arange(len(features))
    while (left[place] > 0).any():
        goes_left = features[rows, column[place]] <= threshold[place]
        following = np.where(goes_left, left[place], right[place])
        place = np.where(left[place] > 0, following, place)
    return value[place]


def position_curve(scores: np.ndarray) -> Curve:
    """Keep where a score stands among all, 0 to 1; ties stand midway."""
    known, counts = np.unique(scores, return_counts=True)
    places = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    kept = np.unique(np.linspace(0, len(known) - 1, KNOTS).round().astype(int))
    return Curve(known[kept].tolist(), places[kept].tolist())


def probability_curve(scores: np.ndarray, came: np.ndarray) -> Curve | None:
    """Calibrate a score: a logistic curve of its log-odds (Platt 1999).

    Args:
        scores: (n,), within 0 and 1, of earlier origins.
        came: (n,), 1 or 0.

    Returns:
        The curve, which never falls; None where all or none came.
    """
    trained = train_logit(log_odds(scores)[:, None], came)
    if trained is None:
        return None
    points = np.linspace(0, 1, KNOTS)
    slope = max(trained.weights[0], 0.0)
    scaled = (log_odds(points) - trained.offsets[0]) / trained.scales[0]
    values = _chance(trained.intercept + slope * scaled)
    return Curve(points.tolist(), values.tolist())


def matched_curve(scores: np.ndarray, probabilities: np.ndarray) -> Curve:
    """Give the probabilities of one model in the order of another's scores.

    For a horizon that no earlier origin has seen the end of: the order is the
    score's, how likely it is as a whole the model's.
    """
    order = np.argsort(scores, kind="stable")
    known, first = np.unique(scores[order], return_index=True)
    sums = np.add.reduceat(np.sort(probabilities), first)
    means = sums / np.diff([*first, len(scores)])
    kept = np.unique(np.linspace(0, len(known) - 1, KNOTS).round().astype(int))
    return Curve(known[kept].tolist(), np.maximum.accumulate(means[kept]).tolist())
