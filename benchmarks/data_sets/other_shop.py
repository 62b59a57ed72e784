"""A second made-up shop, of other kinds than the sample shop's.

What is developed on one generator fits that generator. Here each seed draws which
kinds there are, how many, and how many customers each has; kinds differ in *when*
they order in a quarter, in how it repeats, or (the "Daily" ones) in the amounts
alone. Ways of shopping repeat every quarter, but for those that change in the last.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

QUARTER = 90
DAYS = 5 * QUARTER
LAST_DATE = np.datetime64("2018-06-30")
KEPT_SHARE = 0.92  # of the orders; the others are lost to another shop
BACKGROUND_ORDERS = 0.004  # a day, of everybody

# Days from the first of the last quarter on: negative before.
AGES = np.arange(DAYS) - (DAYS - QUARTER)
IN_QUARTER = AGES % QUARTER
DATES = LAST_DATE - np.arange(DAYS)[::-1]


class Kind(NamedTuple):
    """One way of shopping.

    Attributes:
        rate: expected orders a day, given a generator and how many customers;
            (customers, days) or (1, days).
        regularity: shape of the gamma gaps between orders; 1 is by chance.
        basket: median amount of an order.
        level: what amounts are multiplied with, (days,).
    """

    rate: Callable[[np.random.Generator, int], np.ndarray]
    regularity: float = 4.0
    basket: float = 50.0
    level: np.ndarray | float = 1.0


def _bump(orders: float, centre: float, width: float, shift: float = 2.5):
    """Orders around a day of the quarter, a little earlier or later for each."""

    def rate(generator: np.random.Generator, customers: int) -> np.ndarray:
        at = centre + generator.normal(0, shift, (customers, 1))
        wide = width * np.clip(generator.normal(1, 0.15, (customers, 1)), 0.6, 1.5)
        distance = (IN_QUARTER - at) / wide
        return orders * np.exp(-0.5 * distance**2) / (wide * np.sqrt(2 * np.pi))

    return rate


def _bursts(count: int, orders: float):
    """Orders within some days, on days of each quarter that nobody shares."""

    def rate(generator: np.random.Generator, customers: int) -> np.ndarray:
        total = np.zeros((customers, DAYS))
        for _ in range(count):
            centres = generator.uniform(4, QUARTER - 4, (customers, DAYS // QUARTER))
            at = np.repeat(centres, QUARTER, axis=1)
            total += orders * np.exp(-0.5 * ((IN_QUARTER - at) / 1.6) ** 2) / 4.0
        return total

    return rate


def _switch(before: float, after: float):
    """From one pace to another about the middle of the last quarter."""

    def rate(generator: np.random.Generator, customers: int) -> np.ndarray:
        at = QUARTER / 2 + generator.normal(0, 6, (customers, 1))
        return np.where(at <= AGES, after, before)

    return rate


def _sum(*rates):
    return lambda generator, customers: sum(r(generator, customers) for r in rates)


def _fixed(rate: np.ndarray | float):
    return lambda generator, customers: np.broadcast_to(rate, (1, DAYS))


WEEKEND = ~np.is_busday(DATES)
PAYDAY = np.isin(AGES % 15, [0, 1, 2])
WAVE = np.sin(2 * np.pi * IN_QUARTER / QUARTER)
RISE = IN_QUARTER / QUARTER

KINDS = {
    "Weekend": Kind(_fixed(np.where(WEEKEND, 0.42, 0)), 2, 30),
    "Payday": Kind(_fixed(np.where(PAYDAY, 0.42, 0)), 4, 60),
    "Even": Kind(_fixed(0.11), 15, 40),
    "Step Up": Kind(_switch(0.012, 0.22), 4, 70),
    "Step Down": Kind(_switch(0.15, 0.008), 4, 50),
    "Campaign": Kind(_bump(7, 42, 4, 2), 4, 45),
    "One Burst": Kind(_bursts(1, 7), 4, 90),
    "Two Bursts": Kind(_bursts(2, 5), 4, 60),
    "Two Seasons": Kind(_sum(_bump(4.5, 20, 6), _bump(4.5, 68, 6)), 4, 35),
    "Early": Kind(_bump(8, 14, 7), 4, 55),
    "Late": Kind(_bump(8, 78, 6), 4, 80),
    "Arch": Kind(_bump(11, 45, 18, 4), 4, 40),
    "Valley": Kind(_fixed(0.13 * (1 + np.cos(2 * np.pi * RISE))), 4, 65),
    "Growth": Kind(_fixed(0.27 * np.clip(AGES / QUARTER, 0.02, 1) ** 1.5), 4, 50),
}
DAILY_KINDS = {
    "Daily Rising": Kind(_fixed(0.6), 1, 30, 0.3 + 1.7 * RISE),
    "Daily Falling": Kind(_fixed(0.6), 1, 40, 2.0 - 1.7 * RISE),
    "Daily Wave": Kind(_fixed(0.6), 1, 60, 1.0 + 0.8 * WAVE),
    "Daily Weekend": Kind(_fixed(0.6), 1, 45, np.where(WEEKEND, 2.6, 0.4)),
    "Daily Even": Kind(_fixed(0.6), 1, 35),
}


def make_other_shop(seed: int, daily: bool = False) -> tuple[pd.DataFrame, pd.Series]:
    """Draw a shop.

    Args:
        seed: the same seed gives the same shop.
        daily: take the kinds that differ in amounts alone, all of them.

    Returns:
        Orders (customer_id, order_date, amount), sorted, over five quarters up to
        ``LAST_DATE``; and the kind of each customer_id.
    """
    generator = np.random.default_rng(seed)
    names = list(DAILY_KINDS)
    if not daily:
        count = int(generator.integers(5, 10))
        names = sorted(generator.choice(sorted(KINDS), count, replace=False))
    parts, kinds = [], []
    for name in names:
        size = int(generator.integers(80, 201))
        customer, day, amount = _orders(generator, {**KINDS, **DAILY_KINDS}[name], size)
        parts.append((customer + len(kinds), day, amount))
        kinds += [name] * size
    customer, day, amount = (np.concatenate(part) for part in zip(*parts, strict=True))
    ids = np.array([f"{number:06d}" for number in generator.permutation(len(kinds))])
    orders = pd.DataFrame(
        {"customer_id": ids[customer], "order_date": DATES[day], "amount": amount}
    ).sort_values(["customer_id", "order_date", "amount"], ignore_index=True)
    return orders, pd.Series(kinds, index=ids, name="kind").sort_index()


def _orders(generator: np.random.Generator, kind: Kind, customers: int):
    """Draw customer, day and amount of each order of one kind's customers.

    Gaps are gamma on the scale of accumulated expected orders (time-rescaling:
    Brown et al. 2002). Paces, months' moods and levels of amounts differ.
    """
    pace = np.clip(generator.gamma(9, 1 / 9, (customers, 1)), 0.55, 2.2)
    moods = np.exp(generator.normal(-0.02, 0.2, (customers, DAYS // 30)))
    rates = kind.rate(generator, customers) * pace * np.repeat(moods, 30, axis=1)
    reached = np.cumsum(rates + BACKGROUND_ORDERS, axis=1)
    most = int(2 * reached[:, -1].max() + 20)
    shape = kind.regularity
    gaps = generator.standard_gamma(shape, (customers, most)) / shape
    gaps[:, 0] *= generator.random(customers)
    times = np.cumsum(gaps, axis=1)
    is_order = (times < reached[:, -1:]) & (generator.random(times.shape) < KEPT_SHARE)
    customer, number = np.nonzero(is_order)
    far = 2 * reached.max()  # keeps the customers apart on one sorted line
    line = (reached + far * np.arange(customers)[:, None]).ravel()
    day = np.searchsorted(line, times[customer, number] + far * customer, "right")
    day -= customer * DAYS
    usual = kind.basket * np.exp(generator.normal(0, 0.5, customers))
    level = np.broadcast_to(kind.level, DAYS)[day]
    amount = usual[customer] * level * np.exp(generator.normal(0, 0.7, len(day)))
    return customer, day, np.round(amount + 0.01, 2)
