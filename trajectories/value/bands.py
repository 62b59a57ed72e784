"""Bands of single customers, by simulation: alive, rate, orders, amounts.

What is simulated is the spend of who orders at all, in shapes: they depend on repeat
orders and days observed alone, for the silence tells only whether she is still there,
and that is in the probability of an order. So a table of few shapes serves all
customers, whoever else is scored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trajectories.value.money import Amounts
from trajectories.value.purchases import PurchaseModel

REPEATS = np.array([0, 1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 300, 1000, 3000], float)
OBSERVED = np.array([15, 45, 90, 150, 250, 365, 550, 800, 1200, 2000, 4000], float)
#: Places at which the distribution of a shape is kept.
PLACES = np.concatenate([[0.0], (np.arange(60) + 0.5) / 60, [1.0]])
SIMULATED = 500


@dataclass(frozen=True)
class Shapes:
    """Distributions of what is spent by who orders, as multiples of its mean.

    Attributes:
        quantiles: (repeats, observed, places).
    """

    quantiles: np.ndarray

    def _cells(self, state: dict[str, np.ndarray]) -> np.ndarray:
        rows = (nearest(REPEATS, state["repeat_orders"]),)
        rows += (nearest(OBSERVED, state["observed_days"]),)
        return self.quantiles[rows]

    def ends(
        self,
        state: dict[str, np.ndarray],
        values: np.ndarray,
        probability: np.ndarray,
        levels: tuple[float, float],
    ) -> list[np.ndarray]:
        """Give the ends of bands, each (n,); 0 below the chance of no order.

        Args:
            state: of n customers.
            values: (n,), what is expected of them, those who never order among them.
            probability: (n,), of any order in the same time.
            levels: of the ends, 0 to 1.
        """
        cells, found = self._cells(state), []
        scale = values / np.maximum(probability, 1e-6)
        for level in levels:
            place = (level - (1 - probability)) / np.maximum(probability, 1e-6)
            shape = _at_places(cells, np.clip(place, 0, 1))
            found.append(np.where(place > 0, shape * scale, 0.0))
        return found

    def places(
        self,
        state: dict[str, np.ndarray],
        values: np.ndarray,
        probability: np.ndarray,
        came: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Say how probable less than what came was, and just that, each (n,)."""
        rows = nearest(REPEATS, state["repeat_orders"])
        columns = nearest(OBSERVED, state["observed_days"])
        scale = values / np.maximum(probability, 1e-6)
        share = np.divide(came, scale, out=np.full(len(came), 1e9), where=scale > 0)
        inside = np.zeros(len(came))
        for row, column in set(zip(rows.tolist(), columns.tolist(), strict=True)):
            own = (rows == row) & (columns == column)
            inside[own] = np.interp(share[own], self.quantiles[row, column], PLACES)
        is_in = came > 0
        below = np.where(is_in, 1 - probability + probability * inside, 0.0)
        return below, np.where(is_in, 0.0, 1 - probability)


def nearest(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Find the nearest of rising points on a logarithmic scale."""
    edges = (np.log1p(points[1:]) + np.log1p(points[:-1])) / 2
    return np.searchsorted(edges, np.log1p(values))


def _at_places(cells: np.ndarray, places: np.ndarray) -> np.ndarray:
    upper = np.clip(np.searchsorted(PLACES, places), 1, len(PLACES) - 1)
    rows = np.arange(len(cells))
    low, high = cells[rows, upper - 1], cells[rows, upper]
    share = (places - PLACES[upper - 1]) / (PLACES[upper] - PLACES[upper - 1])
    return low + share * (high - low)


def simulate_shapes(
    model: PurchaseModel, amounts: Amounts, horizon: float, seed: int
) -> Shapes:
    """Simulate what customers spend who are still there and order within days.

    Each has a rate drawn from what her orders leave open (Gamma), stops after an order
    (BG/NBD, Beta) or at a moment (Pareto/NBD, Gamma), orders by chance (Poisson), and
    spends amounts (Gamma) about a mean that her orders leave open.

    Args:
        model: of purchases.
        amounts: of the same origin.
        horizon: days ahead.
        seed: draws.

    Examples:
        >>> nbd = PurchaseModel("nbd", {"r": 1.0, "alpha": 90.0}, -9.0, -9.0, False)
        >>> shapes = simulate_shapes(nbd, Amounts(10.0, 1.0, 1.0, 1.0), 90, 0)
        >>> shapes.quantiles.shape
        (14, 11, 62)
    """
    generator = np.random.default_rng(seed)
    x, T = (one[..., None] for one in np.meshgrid(REPEATS, OBSERVED, indexing="ij"))
    size = (*x.shape[:2], SIMULATED)
    p = model.parameters
    rate = generator.gamma(p["r"] + x, 1 / (p["alpha"] + T), size)
    time = np.full(size, float(horizon))
    if model.name == "pareto_nbd":
        leaving = generator.gamma(p["s"], 1 / (p["beta"] + T), size)
        left = generator.exponential(1.0, size) / np.maximum(leaving, 1e-12)
        time = np.minimum(time, left)
    # One order at least: the first comes at a moment of those left, others follow.
    first = -np.log1p(-generator.random(size) * -np.expm1(-rate * time))
    orders = 1.0 + generator.poisson(np.maximum(rate * time - first, 0))
    if model.name == "bg_nbd":
        stops = np.clip(generator.beta(p["a"], p["b"] + x, size), 1e-9, 1.0)
        orders = np.minimum(orders, generator.geometric(stops))
    # Who orders more is likelier to order at all.
    weights = -np.expm1(-rate * time)
    open_share = amounts.prior_orders / (amounts.prior_orders + x + 1)
    means = _gamma(generator, amounts.between * open_share, size)
    spend = means * orders * _gamma(generator, amounts.within / orders, size)
    return Shapes(_quantiles(spend, weights))


def _gamma(
    generator: np.random.Generator, variance: np.ndarray, size: tuple
) -> np.ndarray:
    """Draw about 1 with so much variance."""
    variance = np.broadcast_to(variance, size)
    return generator.gamma(1 / variance, variance)


def _quantiles(spend: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(spend, axis=-1)
    spend = np.take_along_axis(spend, order, -1)
    weights = np.take_along_axis(weights, order, -1)
    total = weights.sum(axis=-1, keepdims=True)
    mean = (weights * spend).sum(axis=-1, keepdims=True) / total
    places = (np.cumsum(weights, axis=-1) - weights / 2) / total
    spend = spend / mean
    found = np.empty((*spend.shape[:2], len(PLACES)))
    for cell in np.ndindex(spend.shape[:2]):
        found[cell] = np.interp(PLACES, places[cell], spend[cell])
    return found
