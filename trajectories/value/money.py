"""What customers will spend: rivals, all of them expected orders times a mean amount.

A customer's own mean is shrunk to that of the shop by how much means differ between
customers and amounts within (Buehlmann and Straub 1970). The Gamma-Gamma model, which
does it by a distribution, ranks worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trajectories.value.purchases import PurchaseModel
from trajectories.value.scores import (
    State,
    expected_order_days,
    order_probability,
)

YEAR_DAYS = 365
LAST_YEAR = "last_year"
EXPECTED = "expected_orders"
ADJUSTED = "adjusted_orders"
BLEND = "blend"
#: Their totals are corrected by what earlier origins were off. Last year is as it was:
#: what it was off in a shop's first year is no measure of later ones.
CORRECTED = frozenset({EXPECTED, ADJUSTED})
#: No correction goes beyond these.
FACTORS = (0.5, 2.0)


@dataclass(frozen=True)
class Amounts:
    """How amounts of an order vary.

    Attributes:
        mean: of the means of customers, never below 0.
        prior_orders: as many orders of that mean are added to a customer's own.
        within: squared coefficient of variation of a customer's amounts.
        between: the same of the true means of customers.
    """

    mean: float
    prior_orders: float
    within: float
    between: float

    def own_means(self, state: State) -> np.ndarray:
        """Give each customer's shrunk mean amount, (n,), never below 0.

        Of all her order days, the first among them: for most it is the only one.
        """
        orders = state["repeat_orders"] + 1
        own = np.maximum(state["revenue_amount"], 0.0)
        return (own + self.prior_orders * self.mean) / (orders + self.prior_orders)


def measure_amounts(state: State) -> Amounts:
    """Measure how amounts vary between customers and, by their repeats, within.

    Without the amounts of single orders at hand, what means of customers with many
    orders vary less than those with few tells the two apart.
    """
    orders = state["repeat_orders"] + 1
    own = np.maximum(state["revenue_amount"], 0.0) / orders
    mean = float(own.mean()) if len(own) else 0.0
    if mean <= 0:
        return Amounts(0.0, 1.0, 1.0, 1.0)
    # The squared distance of a mean of n amounts is between + within / n: by least
    # squares. One wholesaler does not move it: distances are cut at their 99 %.
    away = (own / mean - 1) ** 2
    away = np.minimum(away, np.quantile(away, 0.99))
    share = 1 / orders
    centred = share - share.mean()
    spread = float((centred**2).sum())
    within = float((centred * away).sum()) / spread if spread > 0 else 0.0
    within = max(within, 0.1)
    between = max(float(away.mean()) - within * float(share.mean()), 0.05)
    return Amounts(mean, within / between, within, between)


def expected_spend(
    models: Sequence[PurchaseModel],
    amounts: Amounts,
    state: State,
    horizon: float,
    probability: np.ndarray | None,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Give expected order days and what they bring, by every way there is.

    Args:
        models: of purchases, of which the mean is taken.
        amounts: of the same origin.
        state: of n customers.
        horizon: days ahead.
        probability: of an order within them, (n,), by a classifier; None: there is
            none, and no adjusted one.

    Returns:
        Orders and amounts, each (n,) and 0 or more: last_year (the last 365 days
        repeated), expected_orders (of the model, times the shrunk mean),
        adjusted_orders (the same, with the classifier's chance of any order in the
        place of the model's), blend (the geometric mean of the first and the last of
        the others).
    """
    orders = expected_order_days(models, state, horizon)
    means = amounts.own_means(state)
    scale = horizon / YEAR_DAYS
    repeated = (
        state["order_days_12_months"] * scale,
        np.maximum(state["revenue_12_months_amount"], 0.0) * scale,
    )
    found = {LAST_YEAR: repeated, EXPECTED: (orders, orders * means)}
    if probability is not None:
        own = order_probability(models, state, horizon)
        orders = orders * probability / np.maximum(own, 1e-3)
        found[ADJUSTED] = orders, orders * means
    found[BLEND] = tuple(
        np.sqrt(one * other)
        for one, other in zip(repeated, (orders, orders * means), strict=True)
    )
    return found


def active_spend(
    models: Sequence[PurchaseModel], amounts: Amounts, state: State, horizon: float
) -> np.ndarray:
    """What customers spend within days if they do not stop, (n,): rate times mean.

    The rate is what orders so far leave open: Gamma(r + x, alpha + T) of who is still
    there, in each of the models.
    """
    rates = [
        (one.parameters["r"] + state["repeat_orders"])
        / (one.parameters["alpha"] + state["observed_days"])
        for one in models
    ]
    return sum(rates) / len(rates) * horizon * amounts.own_means(state)


def total_factor(said: np.ndarray, came: np.ndarray) -> float:
    """By what the total that was said has to be multiplied, within ``FACTORS``."""
    total = float(said.sum())
    return float(np.clip(came.sum() / total, *FACTORS)) if total > 0 else 1.0


def discounting(yearly_share: float) -> float:
    """What of an amount that comes evenly over twelve months is left of it today.

    Args:
        yearly_share: by which an amount in a year is worth less; 0: nothing.

    Examples:
        >>> discounting(0.0), round(discounting(0.1), 4)
        (1.0, 0.9538)
    """
    return (
        1.0
        if yearly_share <= 0
        else float(-np.expm1(-np.log1p(yearly_share)) / np.log1p(yearly_share))
    )


MONEY_MODELS: Mapping[str, str] = {
    LAST_YEAR: "last year repeated",
    EXPECTED: "expected orders times the own mean amount",
    ADJUSTED: "expected orders, adjusted to the chance of any, times the own mean",
    BLEND: "the geometric mean of last year and expected orders times the own mean",
}
