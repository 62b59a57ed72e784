"""A made-up bicycle retailer with known behaviour kinds, for demos and tests.

``generate_shop`` makes the whole shop from a seed: products, customers of known
kinds (and when they switch between them), orders, returns, web sessions, and the
dirt of a real export. ``python -m sample_shop`` writes it as CSV or Parquet.
Nothing in it describes a real person or a real shop.
"""

from trajectories.sample_shop.settings import ShopSettings
from trajectories.sample_shop.shop import Shop, generate_shop

__all__ = ["Shop", "ShopSettings", "generate_shop"]
