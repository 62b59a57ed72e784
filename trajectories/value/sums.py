"""Bands of sums of customers, by how far sums of earlier origins were off.

Errors of customers are no chance alone: what the totals of earlier origins were off is
shared by all of a sum, what single customers were off adds up by squares. How many
such spreads a band must reach is no matter of a distribution: it is what held eight of
ten sums at earlier origins, each by the spreads that were known then (normalised
conformal prediction, Papadopoulos and others 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trajectories.value.records import FEWEST_ORIGINS, Past, ValueRecord

#: Share of sums that a band is meant to hold, and what it reaches by chance alone.
HELD = 0.8
NORMAL_REACH = 1.2816
#: Customers in the groups by which bands are set, and groups of each size.
SIZES = (50, 200, 1000)
DRAWN = 20
#: Of the horizon, what an earlier origin has to have seen: 182 of 365 days are half.
LEAST_SEEN = 0.49


@dataclass(frozen=True)
class SumBand:
    """What a band of a sum is made of.

    Attributes:
        origin_spread: root of the mean square of what totals were off, as logarithms.
        customer_spread: what single customers were off, as a share of what was said.
        sum_reach: spreads from the middle to an end.
        origins: of which that is known.
    """

    origin_spread: float
    customer_spread: float
    sum_reach: float
    origins: int

    def spread(self, values: np.ndarray) -> np.float64:
        """Spread of the logarithm of the sum of values, (n,).

        Examples:
            >>> SumBand(0.3, 0.0, 1.2816, 9).spread(np.ones(50)).round(4).item()
            0.3162
        """
        whole = max(float(values.sum()), 1e-9)
        own = self.customer_spread**2 * float(np.square(values).sum()) / whole**2
        return np.sqrt(self.origin_spread**2 * (1 + 1 / self.origins) + own)


def sum_band(
    record: ValueRecord, place: int, horizon: int, money: str
) -> SumBand | None:
    """Set the band of sums at an origin by what earlier ones were off.

    Args:
        record: of a shop.
        place: of the origin.
        horizon: days ahead.
        money: the model of amounts.

    Returns:
        None where no earlier origin has seen half the horizon.

    Examples:
        >>> from trajectories.value.samples import Origin
        >>> first = Origin(0, 0, {"observed_days": np.zeros(1)}, np.zeros(1), {})
        >>> sum_band(ValueRecord([first], 0), 0, 365, "last_year") is None
        True
    """
    past = record.trained(place, horizon)
    spreads = _spreads(record, past, money)
    if spreads is None or past.horizon < LEAST_SEEN * horizon:
        return None
    found = [_off(record, one, past.horizon, money) for one in past.origins]
    found = [one for one in found if len(one)]
    reach = NORMAL_REACH
    if len(found) >= FEWEST_ORIGINS:
        reach = float(np.quantile(np.concatenate(found), HELD))
    return SumBand(*spreads, reach, len(past.origins))


def _spreads(record: ValueRecord, past: Past, money: str) -> tuple[float, float] | None:
    ratios, errors, squares = [], 0.0, 0.0
    for one in past.origins:
        said = record.said(one, past.horizon).spend.get(money)
        came = record.spent(one, past.horizon)
        if said is None or said.sum() * came.sum() <= 0:
            continue
        ratio = came.sum() / said.sum()
        ratios.append(np.log(ratio))
        # Once the total is right, or all of it would be counted twice.
        errors += float(np.square(came - said * ratio).sum())
        squares += float(np.square(said * ratio).sum())
    if not ratios:
        return None
    return float(np.sqrt(np.mean(np.square(ratios)))), float(np.sqrt(errors / squares))


def _off(record: ValueRecord, place: int, horizon: int, money: str) -> np.ndarray:
    """How many spreads, as known then, sums of random groups were off."""
    past = record.trained(place, horizon)
    spreads = _spreads(record, past, money)
    values = record.said(place, horizon).spend.get(money)
    if spreads is None or values is None:
        return np.array([])
    band = SumBand(*spreads, NORMAL_REACH, len(past.origins))
    spent = record.spent(place, horizon)
    generator = np.random.default_rng([record.seed, place, horizon])
    found = []
    for size in SIZES:
        for _ in range(DRAWN if len(values) > size else 0):
            drawn = generator.choice(len(values), size, replace=False)
            found.append(
                log_distance(values[drawn], spent[drawn]) / band.spread(values[drawn])
            )
    return np.array(found)


def log_distance(values: np.ndarray, spent: np.ndarray) -> float:
    """How far the sum that came is from the sum that was said, as a logarithm.

    Examples:
        >>> round(log_distance(np.array([10.0, 10.0]), np.array([0.0, 40.0])), 4)
        0.6931
    """
    came, said = max(float(spent.sum()), 1e-9), max(float(values.sum()), 1e-9)
    return abs(float(np.log(came / said)))
