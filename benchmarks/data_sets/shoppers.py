"""Made-up customers of eight known kinds: 90 days of spend, as clustering sees it."""

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

DAYS = 90
BLOCK = 20_000
SMOOTHING_DAYS = 3.0
# A kind's busy days start this much earlier or later for each customer.
SHIFT_DAYS = 3.0
ORDERS = 25.0  # of one customer in 90 days, on average


def daily_spend(
    customers: int, seed: int = 0, is_smoothed: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Draw customers and represent their spend as ``rhythm`` does, or without.

    Each kind has its own expected orders a day; a customer has their own pace, shift
    in time and level of amounts. Orders are Poisson, amounts log-normal. Spend is
    logged, smoothed over days and divided by the customer's largest value.

    Args:
        customers: how many; drawn in blocks, so that a million fit in memory.
        seed: of all draws.
        is_smoothed: else spend is z-normalised as it is, each customer by itself: the
            input of the well-known recipe, days without orders and spikes.

    Returns:
        (customers, 90, 1) float32, smoothed between 0 and 1, and (customers,) int8
        kinds 0 to 7.
    """
    series = np.empty((customers, DAYS, 1), np.float32)
    kinds = np.empty(customers, np.int8)
    for start in range(0, customers, BLOCK):
        rows = slice(start, min(start + BLOCK, customers))
        generator = np.random.default_rng([seed, start])
        kinds[rows] = generator.integers(0, len(_shapes()), rows.stop - start)
        represent = _represented if is_smoothed else _normalised
        series[rows, :, 0] = represent(_amounts(kinds[rows], generator))
    return series, kinds


def save(folder: Path, customers: int, seed: int = 0) -> tuple[Path, np.ndarray]:
    """Write the series to ``folder`` as .npy; return the file and the kinds."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"shoppers_{customers}.npy"
    series, kinds = daily_spend(customers, seed)
    np.save(path, series)
    return path, kinds


def _shapes() -> np.ndarray:
    """Expected orders a day of each kind, (8, 90); the rows sum to ``ORDERS``."""
    day = np.arange(DAYS)

    def bump(centre: float, width: float) -> np.ndarray:
        return np.exp(-0.5 * ((day - centre) / width) ** 2)

    shapes = [
        np.ones(DAYS),  # even
        day / DAYS,  # ramping up
        1 / (1 + np.exp((day - 40) / 3)),  # leaving
        bump(18, 7),  # early season
        bump(45, 7),  # mid season
        bump(72, 7),  # late season
        bump(25, 4) + bump(65, 4),  # two sales
        1.05 - bump(45, 14),  # a pause
    ]
    return np.stack([ORDERS * (0.03 / DAYS + 0.97 * s / s.sum()) for s in shapes])


def _amounts(kinds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw the daily spend of customers of these kinds, (customers, 90) float32."""
    customers = len(kinds)
    shift = np.rint(generator.normal(0, SHIFT_DAYS, customers)).astype(int)
    day = np.clip(np.arange(DAYS) - shift[:, None], 0, DAYS - 1)
    pace = generator.gamma(9, 1 / 9, customers)
    orders = generator.poisson(_shapes()[kinds[:, None], day] * pace[:, None])
    level = generator.normal(4, 0.7, (customers, 1)).astype(np.float32)
    noise = generator.standard_normal((customers, DAYS), np.float32)
    return orders * np.exp(level + np.float32(0.4) * noise)


def _represented(spend: np.ndarray) -> np.ndarray:
    smoothed = gaussian_filter1d(
        np.log1p(spend, dtype=np.float32), SMOOTHING_DAYS, axis=1, mode="constant"
    )
    largest = smoothed.max(axis=1, keepdims=True)
    return smoothed / np.where(largest > 0, largest, 1)


def _normalised(spend: np.ndarray) -> np.ndarray:
    spread = spend.std(axis=1, keepdims=True)
    return (spend - spend.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
