"""How good scores, probabilities, values and bands were against what came."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

#: Customers are gathered into so many groups before they are redrawn.
REDRAWN_GROUPS = 500
DRAWS = 800
#: Ends of the intervals by which the gate decides.
ENDS = (2.5, 97.5)


def area_under_curve(came: np.ndarray, scores: np.ndarray) -> float:
    """Chance that who came had a higher score than who did not; ties count half.

    Args:
        came: (n,), 1 or 0.
        scores: (n,), higher for who is likelier.

    Returns:
        The area under the ROC curve; NaN where all or none came.

    Examples:
        >>> area_under_curve(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1]))
        0.75
    """
    value, _ = auc_influences(came, scores)
    return value


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Rank from 1 on; equal ones share the mean of their ranks.

    As scipy.stats.rankdata, which takes seconds to import.

    Examples:
        >>> average_ranks(np.array([5.0, 1, 5])).tolist()
        [2.5, 1.0, 2.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def auc_influences(came: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Give the area under the curve, and how each customer moves it.

    The placements of DeLong, DeLong and Clarke-Pearson (1988), equations 3 to 5.

    Returns:
        The area, and influences (n,), which add up to 0: the variance of the area is
        the sum of their squares. NaN and zeros where all or none came.

    Examples:
        >>> value, moved = auc_influences(np.array([1, 0]), np.array([2, 1]))
        >>> value, moved.tolist()
        (1.0, [0.0, 0.0])
    """
    is_in = np.asarray(came) > 0
    hits, misses = int(is_in.sum()), int((~is_in).sum())
    if not hits or not misses:
        return float("nan"), np.zeros(len(is_in))
    ranks = average_ranks(scores)
    placements = np.empty(len(is_in))
    placements[is_in] = (ranks[is_in] - average_ranks(scores[is_in])) / misses
    placements[~is_in] = 1 - (ranks[~is_in] - average_ranks(scores[~is_in])) / hits
    value = float(placements[is_in].mean())
    return value, (placements - value) / np.where(is_in, hits, misses)


def normalised_gini(amounts: np.ndarray, scores: np.ndarray) -> float:
    """How much of the order of what was spent a score gets right; 1 is all.

    Args:
        amounts: (n,), what came, 0 or more.
        scores: (n,).

    Returns:
        Gini of amounts in the order of scores over that in their own order; ties of
        scores share what they bring. NaN where nothing came.

    Examples:
        >>> normalised_gini(np.array([0.0, 1, 5]), np.array([1, 2, 3]))
        1.0
    """
    total = float(np.sum(amounts))
    if total <= 0:
        return float("nan")

    def gini(order: np.ndarray) -> float:
        return (
            float((average_ranks(order) * amounts).sum() / total) - (len(order) + 1) / 2
        )

    own = gini(amounts)
    return gini(scores) / own if own > 0 else float("nan")


def calibration_error(
    came: np.ndarray, probabilities: np.ndarray, groups: int = 10
) -> float:
    """Mean distance of said and come, over groups of like probability.

    Args:
        came: (n,), 1 or 0.
        probabilities: (n,).
        groups: as many as there are, of equal size.

    Returns:
        0 to 1; NaN for nobody.

    Examples:
        >>> calibration_error(np.array([1, 0]), np.array([0.9, 0.2]), 2)
        0.15
    """
    if not len(came):
        return float("nan")
    order = np.argsort(probabilities, kind="stable")
    away = [
        abs(float((came[part] - probabilities[part]).sum()))
        for part in np.array_split(order, groups)
    ]
    return round(sum(away) / len(came), 12)


def calibration_interval(
    came: np.ndarray,
    probabilities: np.ndarray,
    customers: np.ndarray,
    seed: int,
    groups: int = 10,
) -> tuple[float, float]:
    """95 % interval of the calibration error, by redrawing customers.

    Args:
        came: (n,), 1 or 0.
        probabilities: (n,).
        customers: (n,), numbers of the rows' customers.
        seed: redraws customers.
        groups: as many as there are, of equal size.

    Examples:
        >>> came, said = np.array([1.0, 0, 1, 0]), np.array([0.6, 0.4, 0.6, 0.4])
        >>> ends = calibration_interval(came, said, np.arange(4), 0, 2)
        >>> bool(ends[0] <= 0.4 <= ends[1])
        True
    """
    away = came - probabilities
    order = np.argsort(probabilities, kind="stable")
    moved = np.zeros(len(came))
    for part in np.array_split(order, groups):
        moved[part] = np.sign(away[part].sum()) * away[part]
    value = calibration_error(came, probabilities, groups)
    low, high = redrawn_interval(
        (moved - value) / max(len(came), 1), customers, value, seed
    )
    return max(low, 0.0), high


def redrawn_interval(
    influences: np.ndarray, customers: np.ndarray, value: float, seed: int
) -> tuple[float, float]:
    """95 % interval of a measure by redrawing customers, with all their rows.

    The paired bootstrap: of a difference, both sides see the same customers. The
    measure is taken to be linear in who is drawn.

    Args:
        influences: (n,), how each row moves the measure; they add up to 0.
        customers: (n,), numbers of the rows' customers.
        value: the measure itself.
        seed: draws.

    Examples:
        >>> moved = np.tile([-0.01, 0.01], 50)
        >>> low, high = redrawn_interval(moved, np.arange(100), 0.5, 0)
        >>> bool(0.2 < low < 0.4 < 0.6 < high < 0.8)
        True
    """
    sums = np.bincount(customers % REDRAWN_GROUPS, influences, REDRAWN_GROUPS)
    # Added up in one order, whatever the number of threads.
    drawn = (_redrawn(seed) * sums).sum(axis=1)
    low, high = np.percentile(drawn, ENDS)
    return float(value + low), float(value + high)


@lru_cache(maxsize=2)
def _redrawn(seed: int) -> np.ndarray:
    """How often each group is drawn, (draws, groups): the same for all measures."""
    generator = np.random.default_rng(seed)
    return generator.poisson(1.0, (DRAWS, REDRAWN_GROUPS)).astype(float)


def held_share(
    places: np.ndarray,
    customers: np.ndarray,
    seed: int,
    low: float = 0.1,
    high: float = 0.9,
) -> tuple[float, float, float]:
    """Share of outcomes inside a band, by where they fell in what was said.

    Args:
        places: (n,), randomised probability integral transforms (Smith 1985): the
            share of what was said that lies below what came, drawn where it has mass.
        customers: (n,), numbers of the rows' customers.
        seed: redraws customers.
        low: of the band.
        high: of the band.

    Returns:
        The share and its 95 % interval, as of `redrawn_interval`; NaN for nobody.

    Examples:
        >>> held_share(np.array([0.05, 0.5, 0.5, 0.5]), np.arange(4), 0)[0]
        0.75
    """
    if not len(places):
        return (float("nan"),) * 3
    is_held = (places >= low) & (places <= high)
    share = float(is_held.mean())
    moved = (is_held - share) / len(places)
    ends = redrawn_interval(moved, customers, share, seed)
    return share, *np.clip(ends, 0.0, 1.0).tolist()


def randomised_places(
    below: np.ndarray, at: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Draw where outcomes fell in distributions that have mass at single points.

    Args:
        below: (n,), probability that was said of less than what came.
        at: (n,), probability that was said of exactly what came.
        generator: draws.

    Returns:
        (n,), uniform on 0 to 1 if what was said was right.

    Examples:
        >>> below, at = np.array([0.0, 0.9]), np.array([0.0, 0.0])
        >>> randomised_places(below, at, np.random.default_rng(0)).tolist()
        [0.0, 0.9]
    """
    return below + at * generator.random(len(below))
