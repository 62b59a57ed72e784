"""What the sample shop sells. The catalogue is the same for every seed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CATALOGUE_SEED = 1
CATEGORIES = ("Bikes", "Parts", "Accessories", "Clothing", "Service")
BRANDS = ("Northwind", "Calder", "Trellick", "Ostrich", "Vela", "Kestrel Works")
LINES = ("Standard", "Road", "Mountain", "Touring")
CLASSES = ("low", "medium", "high")
SIZES = ("small", "medium", "large")


class Category(NamedTuple):
    """How many products a category has and what they cost."""

    products: int
    median_price: float
    price_spread: float  # standard deviation of the logarithm of the price
    margin_share: float


_CATEGORIES = {
    "Bikes": Category(30, 820.0, 0.45, 0.28),
    "Parts": Category(32, 52.0, 0.60, 0.40),
    "Accessories": Category(28, 34.0, 0.55, 0.50),
    "Clothing": Category(20, 68.0, 0.40, 0.55),
    "Service": Category(10, 78.0, 0.35, 0.60),
}


@dataclass(frozen=True)
class Catalogue:
    """Products, sorted by category and then price.

    Attributes:
        category_starts: (categories + 1,) where each category begins.
        categories, brands, lines, classes, sizes: (products,) index in the lists.
        list_prices, standard_costs: (products,) for one unit, in dollars.
    """

    category_starts: np.ndarray
    categories: np.ndarray
    brands: np.ndarray
    lines: np.ndarray
    classes: np.ndarray
    sizes: np.ndarray
    list_prices: np.ndarray
    standard_costs: np.ndarray

    def __len__(self) -> int:
        """Return the number of products."""
        return len(self.list_prices)


def make_catalogue() -> Catalogue:
    """Make the catalogue from a fixed seed of its own.

    Returns:
        Catalogue of 120 products in five categories.
    """
    rng = np.random.default_rng(CATALOGUE_SEED)
    counts = [category.products for category in _CATEGORIES.values()]
    prices, costs, classes = [], [], []
    for products, median, spread, margin in _CATEGORIES.values():
        price = np.sort(median * np.exp(rng.normal(0, spread, products)))
        price = np.floor(price) + rng.choice([0.49, 0.95, 0.99, 0.0], products)
        prices.append(price)
        costs.append(
            np.round(price * (1 - margin) * rng.uniform(0.9, 1.1, products), 2)
        )
        classes.append(np.minimum(np.arange(products) * 3 // products, 2))
    size = sum(counts)
    return Catalogue(
        category_starts=np.concatenate([[0], np.cumsum(counts)]),
        categories=np.repeat(np.arange(len(counts)), counts),
        brands=rng.integers(0, len(BRANDS), size),
        lines=rng.choice(len(LINES), size, p=[0.55, 0.2, 0.15, 0.1]),
        classes=np.concatenate(classes),
        sizes=rng.choice(len(SIZES), size, p=[0.2, 0.6, 0.2]),
        list_prices=np.concatenate(prices),
        standard_costs=np.concatenate(costs),
    )
