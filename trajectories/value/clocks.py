"""A customer's own clock: her usual gap, how long she is silent, when she orders next.

It says when to act, not whom to rank first: as a ranking it is worse than recency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv

from trajectories.value.scores import State

#: Shares of like gaps that were shorter, from which a customer is due, late, silent.
STATES = {"on_time": 0.0, "due": 0.5, "late": 0.8, "silent": 0.95}
UNKNOWN = "unknown"
#: Ends of the window in which the next order is expected.
WINDOW = (0.1, 0.9)
#: No date is given where an order within 90 days is less likely.
LEAST_PROBABILITY = 0.2


@dataclass(frozen=True)
class Clock:
    """How gaps between order days vary, over customers and within one.

    A gap is Gamma distributed with one shape for all and a rate of the customer's,
    which is Gamma distributed over customers; so a further gap, given her own, is beta
    prime distributed (as the amounts of Fader and Hardie 2013, equation 1a).

    Attributes:
        shape: of the gaps of one customer.
        prior_shape: of the rates of customers.
        prior_days: likewise, their rate, in days.
    """

    shape: float
    prior_shape: float
    prior_days: float

    def _own(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        shape = self.prior_shape + self.shape * state["repeat_orders"]
        return shape, self.prior_days + self.shape * state["last_repeat_days"]

    def usual_gap(self, state: State) -> np.ndarray:
        """Give the mean gap in days, own ones shrunk to those of all, (n,)."""
        shape, days = self._own(state)
        return days / np.maximum(shape - 1, 0.5)

    def shorter_share(self, state: State, days: np.ndarray) -> np.ndarray:
        """Share of own and like customers' gaps that were shorter than days, (n,)."""
        shape, own = self._own(state)
        gaps = self.shape * days
        return betainc(self.shape, shape, gaps / (gaps + own))

    def next_days(self, state: State, silence: np.ndarray, share: float) -> np.ndarray:
        """Days from now until so much of the chance of the next order is over, (n,).

        Given that it has not come in the silence so far: never below 0.
        """
        shape, own = self._own(state)
        gaps = self.shape * silence
        # In parts of the far tail, which is exact where next to nothing is left.
        longer = betainc(shape, self.shape, own / (gaps + own))
        tail = betaincinv(shape, self.shape, np.maximum(longer * (1 - share), 1e-290))
        tail = np.clip(tail, 1e-12, 1.0)
        return np.maximum(own * (1 - tail) / tail / self.shape - silence, 0.0)


def read_clock(state: State) -> Clock:
    """Measure gaps at an origin, by moments.

    Args:
        state: of customers, ``STATE_COLUMNS``.

    Examples:
        >>> state = {"repeat_orders": np.array([3.0, 2.0])}
        >>> state |= {"last_repeat_days": np.array([30.0, 60.0])}
        >>> state |= {"gap_squares": np.array([302.0, 1850.0])}
        >>> round(read_clock(state).shape, 1) > 1
        True
    """
    gaps = state["repeat_orders"]
    many = gaps >= 2
    if not many.any():
        return Clock(1.0, 3.0, 2.0 * 90.0)
    count, days, squares = (
        state[name][many]
        for name in ("repeat_orders", "last_repeat_days", "gap_squares")
    )
    means = days / count
    variances = np.maximum(squares / count - means**2, 0) * count / (count - 1)
    within = float((variances * count).sum() / (means**2 * count).sum())
    within = float(np.clip(within, 0.05, 4.0))
    mean = float(means.mean())
    between = float(means.var() - (within * means**2 / count).mean())
    between = max(between / mean**2, 0.05) if mean > 0 else 1.0
    prior = 2 + 1 / between
    return Clock(1 / within, prior, mean * (prior - 1))


def clock_states(shares: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Name where each customer's clock stands; without a gap of her own: unknown.

    Examples:
        >>> clock_states(np.array([0.1, 0.99, 0.1]), np.array([1, 1, 0])).tolist()
        ['on_time', 'silent', 'unknown']
    """
    names = np.array(list(STATES), dtype=object)
    places = np.searchsorted(list(STATES.values()), shares, side="right") - 1
    return np.where(repeats > 0, names[np.maximum(places, 0)], UNKNOWN)
