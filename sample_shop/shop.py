"""The whole shop from a seed: who, what, when, and what is wrong in the export."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from trajectories.sample_shop.catalogue import Catalogue, make_catalogue
from trajectories.sample_shop.dirt import (
    DirtManifest,
    TransactionDirt,
    plant_address_dirt,
    plant_demographic_dirt,
    plant_transaction_dirt,
)
from trajectories.sample_shop.experiments import Experiments, draw_experiments
from trajectories.sample_shop.kinds import KIND_NUMBERS, KINDS, draw_traits
from trajectories.sample_shop.orders import (
    Orders,
    daily_rates,
    draw_order_days,
    draw_returns,
    fill_baskets,
    kinds_on,
)
from trajectories.sample_shop.people import make_addresses, make_demographics
from trajectories.sample_shop.population import Population, draw_population, truth_frame
from trajectories.sample_shop.sessions import draw_sessions
from trajectories.sample_shop.settings import ShopSettings
from trajectories.sample_shop.shop_calendar import ShopCalendar

CHUNK = 2_000  # customers whose daily rates are in memory at a time
MIXED_SHARE = 0.06  # of customers show some of a second kind's behaviour
FREQUENT_RETURNER_SHARE = 0.05
BROWSER_SHARE = 0.05
PROSPECT_SHARE = 0.03  # people on file who never ordered
UNKNOWN_SHARE = 0.015  # customers with orders but without demographics


@dataclass(frozen=True)
class Shop:
    """A generated shop, ready to be written.

    Attributes:
        settings: what it was made from.
        calendar: its days.
        catalogue: its products.
        customer_ids: (customers,) strings with leading zeros.
        orders: orders and returns, sorted by day.
        dirt: where the exported transactions are dirty.
        demographics, addresses, sessions: tables as exported, all strings.
        truth: one row per customer and period of one kind.
        manifest: what dirt was planted, and how often.
        experiments: tests and campaigns, and what was planted with them.
    """

    settings: ShopSettings
    calendar: ShopCalendar
    catalogue: Catalogue
    customer_ids: np.ndarray
    orders: Orders
    dirt: TransactionDirt
    demographics: pd.DataFrame
    addresses: pd.DataFrame
    sessions: pd.DataFrame
    truth: pd.DataFrame
    manifest: pd.DataFrame
    experiments: Experiments


def _mixed_kinds(rng: np.random.Generator, customers: int) -> np.ndarray:
    """Draw a second kind for a few customers, -1 for the others."""
    names = ("Loyal Subscribers", "Sale Hunters", "Seasonal Shoppers", "Gift Shoppers")
    second = rng.choice([KIND_NUMBERS[name] for name in names], customers)
    return np.where(rng.random(customers) < MIXED_SHARE, second, -1)


def _draw_chunk(rng, rows, population, pace, calendar, catalogue) -> tuple:
    """Draw the orders of some customers, and the mean of their expected orders."""
    traits = draw_traits(rng, len(rows), calendar)
    mixed = _mixed_kinds(rng, len(rows))
    tastes = rng.normal(0, 0.8, len(rows))
    rates = daily_rates(population, rows, traits, mixed, calendar) * pace
    kinds = population.kinds[rows]
    first = kinds[np.arange(len(rows)), np.argmax(kinds >= 0, axis=1)]
    last = kinds[:, -1]
    main = np.where(last == KIND_NUMBERS["Lapsed Customers"], first, last)
    regularity = np.array([kind.regularity for kind in KINDS])[main]
    begins = np.array([kind.begins_with_order for kind in KINDS])[first]
    begins &= ~population.is_already[rows]
    who, days = draw_order_days(rng, rates, regularity, begins)
    on = kinds_on(population, rows[who], days)
    orders = fill_baskets(rng, catalogue, calendar, rows[who], days, on, tastes[who])
    return orders, rates.sum()


def _draw_orders(seeds, settings, population, calendar, catalogue) -> Orders:
    """Draw all orders chunk by chunk, each with a seed of its own."""
    chunks = np.split(
        np.arange(settings.customers), range(CHUNK, settings.customers, CHUNK)
    )
    pace = 1.0
    if settings.orders_per_customer is not None:
        some = np.arange(0, settings.customers, max(1, settings.customers // CHUNK))
        rng = np.random.default_rng(seeds[0])
        _, natural = _draw_chunk(rng, some, population, 1.0, calendar, catalogue)
        pace = settings.orders_per_customer / (natural / len(some))
    parts = []
    for rows, seed in zip(chunks, seeds[0].spawn(len(chunks)), strict=True):
        rng = np.random.default_rng(seed)
        part, _ = _draw_chunk(rng, rows, population, pace, calendar, catalogue)
        parts.append(part)
    return Orders.concatenate(parts)


def _with_returns(rng, orders: Orders, customers: int, calendar) -> Orders:
    """Add returns and sort by day; ties are shuffled, for no export is tidy."""
    is_returner = rng.random(customers) < FREQUENT_RETURNER_SHARE
    chances = np.where(is_returner, 0.25, 0.02)
    returns = draw_returns(rng, orders, chances, calendar)
    everything = Orders.concatenate([orders, returns])
    shuffled = rng.permutation(len(everything))
    by_day = np.argsort(everything.days[shuffled], kind="stable")
    return everything.take(shuffled[by_day])


def generate_shop(settings: ShopSettings | None = None) -> Shop:
    """Make a shop from its settings; the same settings give the same shop.

    Args:
        settings: size, period and seed; None for the committed sample.

    Returns:
        Shop.
    """
    settings = settings or ShopSettings()
    calendar = ShopCalendar.of(settings)
    catalogue = make_catalogue()
    seeds = np.random.SeedSequence(settings.seed).spawn(7)
    count = settings.customers
    prospects = max(1, round(PROSPECT_SHARE * count))
    width = max(6, len(str(count + prospects)))
    all_ids = np.char.zfill(np.arange(1, count + prospects + 1).astype(str), width)
    rng = np.random.default_rng(seeds[1])
    # Ids say nothing of the kind: kinds are shuffled, prospects take the last ids.
    population = draw_population(rng, count, calendar)
    orders = _draw_orders(seeds, settings, population, calendar, catalogue)
    ids = all_ids[:count].astype(object)
    orders = _with_returns(np.random.default_rng(seeds[2]), orders, count, calendar)
    experiments = draw_experiments(
        np.random.default_rng(seeds[6]), orders, ids, calendar
    )
    manifest = DirtManifest()
    dirt = plant_transaction_dirt(
        np.random.default_rng(seeds[3]), orders, ids, calendar, manifest
    )
    rng = np.random.default_rng(seeds[4])
    is_browser = rng.random(count) < BROWSER_SHARE
    sessions = draw_sessions(rng, orders, ids, is_browser, calendar)
    demographics, addresses = _people(
        np.random.default_rng(seeds[5]), all_ids, count, population, calendar, manifest
    )
    return Shop(
        settings=settings,
        calendar=calendar,
        catalogue=catalogue,
        customer_ids=ids,
        orders=orders,
        dirt=dirt,
        demographics=demographics,
        addresses=addresses,
        sessions=sessions,
        truth=truth_frame(population, ids, calendar),
        manifest=manifest.frame(),
        experiments=experiments,
    )


def _people(
    rng, all_ids, count: int, population: Population, calendar, manifest: DirtManifest
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make demographics and addresses with gaps on both sides, and their dirt."""
    prospects = len(all_ids) - count
    kinds = np.concatenate(
        [
            population.kinds[:, -1],
            np.full(prospects, KIND_NUMBERS["Occasional Customers"]),
        ]
    )
    tables = []
    for make, table in (
        (
            lambda ids, kinds: make_demographics(rng, ids, kinds, calendar.dates[-1]),
            "customer_demographics",
        ),
        (lambda ids, kinds: make_addresses(rng, ids), "customer_addresses"),
    ):
        missing = rng.choice(count, max(1, round(UNKNOWN_SHARE * count)), replace=False)
        known = np.setdiff1d(np.arange(len(all_ids)), missing)
        tables.append(make(all_ids[known].astype(object), kinds[known]))
        manifest.add(table, "customer_with_orders_but_no_row", len(missing), "accepted")
        manifest.add(table, "customer_without_orders", prospects, "accepted")
    demographics = plant_demographic_dirt(rng, tables[0], manifest)
    return demographics, plant_address_dirt(rng, tables[1], manifest)
