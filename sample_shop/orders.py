"""Orders and returns of the sample shop, as arrays."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr
from trajectories.sample_shop.catalogue import Catalogue
from trajectories.sample_shop.kinds import KIND_NUMBERS, KINDS, Traits, orders_a_day
from trajectories.sample_shop.population import Population
from trajectories.sample_shop.shop_calendar import PROMOTIONS, ShopCalendar

# What a kind buys: chances of Bikes, Parts, Accessories, Clothing, Service; further
# units beyond the first; shift of the taste for dear products; chance to order
# online; chance to use a running promotion.
_BASKETS = {
    "Loyal Subscribers": ([0.01, 0.42, 0.27, 0.12, 0.18], 0.6, 0.0, 0.75, 0.5),
    "Sale Hunters": ([0.04, 0.26, 0.30, 0.38, 0.02], 0.7, 0.0, 0.85, 0.98),
    "New Customer Ramp": ([0.04, 0.34, 0.36, 0.20, 0.06], 0.3, -0.1, 0.7, 0.6),
    "Churn Risk": ([0.01, 0.40, 0.30, 0.14, 0.15], 0.5, 0.0, 0.7, 0.5),
    "Seasonal Shoppers": ([0.05, 0.32, 0.20, 0.31, 0.12], 0.4, 0.2, 0.55, 0.5),
    "Impulse Buyers": ([0.06, 0.25, 0.36, 0.31, 0.02], 0.4, 0.2, 0.9, 0.6),
    "Gift Shoppers": ([0.06, 0.08, 0.50, 0.35, 0.01], 0.4, 0.1, 0.6, 0.6),
    "B2B Customers": ([0.10, 0.50, 0.18, 0.12, 0.10], 7.0, 0.2, 0.35, 0.1),
    "Steady Customers": ([0.03, 0.40, 0.27, 0.16, 0.14], 0.3, 0.1, 0.5, 0.4),
    "Occasional Customers": ([0.09, 0.35, 0.25, 0.19, 0.12], 0.2, 0.0, 0.45, 0.5),
    "First-Time Customers": ([0.22, 0.25, 0.30, 0.20, 0.03], 0.2, 0.0, 0.5, 0.6),
    "Lapsed Customers": ([0.09, 0.35, 0.25, 0.19, 0.12], 0.2, 0.0, 0.45, 0.5),
}
_TASTE_SHIFTS = np.array([_BASKETS[kind.name][2] for kind in KINDS])
_FURTHER_UNITS = np.array([_BASKETS[kind.name][1] for kind in KINDS])
_ONLINE_CHANCES = np.array([_BASKETS[kind.name][3] for kind in KINDS])
_PROMOTION_CHANCES = np.array([_BASKETS[kind.name][4] for kind in KINDS])
_CATEGORY_BOUNDS = np.cumsum([_BASKETS[kind.name][0] for kind in KINDS], axis=1)
_DISCOUNT_SHARES = np.array([promotion.discount_share for promotion in PROMOTIONS])

PAYMENT_METHODS = ("Credit Card", "PayPal", "Bank Transfer", "Pay Later", "Gift Card")


@dataclass(frozen=True)
class Orders:
    """Orders and returns; every array has shape (orders,).

    Attributes:
        customers: row of the customer.
        days: day number.
        kinds: index in KINDS of the customer on that day.
        products: row in the catalogue.
        quantities: units, 1 or more.
        list_prices: dollars for one unit.
        discounts: dollars off the whole order.
        promotions: index in PROMOTIONS, -1 for none.
        payments: index in PAYMENT_METHODS.
        is_online, is_return: flags.
    """

    customers: np.ndarray
    days: np.ndarray
    kinds: np.ndarray
    products: np.ndarray
    quantities: np.ndarray
    list_prices: np.ndarray
    discounts: np.ndarray
    promotions: np.ndarray
    payments: np.ndarray
    is_online: np.ndarray
    is_return: np.ndarray

    def __len__(self) -> int:
        """Return the number of orders and returns."""
        return len(self.days)

    def take(self, rows: np.ndarray) -> "Orders":
        """Return some orders, in the order of `rows`."""
        return Orders(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def concatenate(parts: list["Orders"]) -> "Orders":
        """Put parts one after the other."""
        return Orders(
            *(
                np.concatenate([getattr(part, field.name) for part in parts])
                for field in fields(Orders)
            )
        )


def daily_rates(
    population: Population,
    rows: np.ndarray,
    traits: Traits,
    mixed_kinds: np.ndarray,
    calendar: ShopCalendar,
) -> np.ndarray:
    """Expected orders a day of some customers over the whole history.

    Args:
        population: kinds over time.
        rows: (chunk,) which customers.
        traits: of the chunk's customers.
        mixed_kinds: (chunk,) a second kind whose behaviour shows through at a
            fifth of its strength, -1 for none.
        calendar: the days.

    Returns:
        (chunk, days), 0 before a customer joins.
    """
    days = calendar.day_numbers
    rates = np.zeros((len(rows), len(days)))
    for slot in range(population.kinds.shape[1]):
        kinds = population.kinds[rows, slot]
        for kind in np.unique(kinds[kinds >= 0]):
            chosen = np.flatnonzero(kinds == kind)
            starts = population.start_days[rows[chosen], slot]
            ends = population.end_days[rows[chosen], slot]
            within = (days >= starts[:, None]) & (days < ends[:, None])
            some = traits.take(chosen)
            rate = orders_a_day(int(kind), some, calendar, starts)
            rates[chosen] += np.where(within, rate, 0)
            mixed = np.flatnonzero(
                (mixed_kinds[chosen] >= 0) & KINDS[kind].is_clusterable
            )
            for other in np.unique(mixed_kinds[chosen][mixed]):
                pick = mixed[mixed_kinds[chosen][mixed] == other]
                extra = orders_a_day(
                    int(other), some.take(pick), calendar, starts[pick]
                )
                rates[chosen[pick]] += np.where(within[pick], 0.2 * extra, 0)
    return rates


def draw_order_days(
    rng: np.random.Generator,
    rates: np.ndarray,
    regularity: np.ndarray,
    begins_with_order: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the days of orders by a renewal process in operational time.

    Gaps are gamma with mean 1 on the scale of accumulated expected orders, so the
    number of orders follows the rates and the spacing follows the regularity
    (time-rescaling: Brown et al. 2002, "The time-rescaling theorem", Neural
    Computation 14). Everybody has at least one order.

    Args:
        rng: the source of chance.
        rates: (customers, days) expected orders a day; each row sums above 0.
        regularity: (customers,) gamma shape, 1 for chance arrivals.
        begins_with_order: (customers,) whether the first order comes at once.

    Returns:
        Customer row and day number of each order, sorted by customer and day.
    """
    totals = rates.sum(axis=1)
    most = int(np.ceil(totals.max() + 6 * np.sqrt(totals.max()) + 6))
    shape = regularity[:, None]
    gaps = rng.standard_gamma(np.broadcast_to(shape, (len(rates), most))) / shape
    # The first gap is a residual one: the shop did not open with the customer.
    gaps[:, 0] *= np.where(begins_with_order, 0.02, rng.random(len(rates)))
    late = gaps[:, 0] >= totals
    gaps[late, 0] = totals[late] * rng.uniform(0.02, 0.98, int(late.sum()))
    times = np.cumsum(gaps, axis=1)
    rows, numbers = np.nonzero(times < totals[:, None])
    shares = np.cumsum(rates, axis=1) / totals[:, None]
    keys = (shares + 2 * np.arange(len(rates))[:, None]).ravel()
    wanted = times[rows, numbers] / totals[rows] + 2 * rows
    days = np.searchsorted(keys, wanted, side="right") - rows * rates.shape[1]
    return rows, np.minimum(days, rates.shape[1] - 1)


def kinds_on(population: Population, customers, days) -> np.ndarray:
    """Kind of customers on days, both of shape (orders,); index in KINDS."""
    begun = population.start_days[customers] <= days[:, None]
    begun &= population.kinds[customers] >= 0
    slots = begun.shape[1] - 1 - np.argmax(begun[:, ::-1], axis=1)
    return population.kinds[customers, slots]


def _products(rng, catalogue: Catalogue, kinds, tastes) -> np.ndarray:
    """Choose a product for each order: a category by kind, a price by taste."""
    draw = rng.random(len(kinds))
    categories = (draw[:, None] >= _CATEGORY_BOUNDS[kinds][:, :-1]).sum(axis=1)
    rank = ndtr(0.75 * (tastes + _TASTE_SHIFTS[kinds]) + rng.normal(0, 0.5, len(kinds)))
    starts = catalogue.category_starts[categories]
    sizes = catalogue.category_starts[categories + 1] - starts
    return starts + np.minimum((rank * sizes).astype(int), sizes - 1)


def _discounts(rng, calendar, kinds, days, amounts) -> tuple[np.ndarray, np.ndarray]:
    """Dollars off each order and the promotion behind it, -1 for none."""
    promotions = calendar.promotion_numbers[days]
    used = (promotions >= 0) & (rng.random(len(days)) < _PROMOTION_CHANCES[kinds])
    voucher = np.where(rng.random(len(days)) < 0.04, 0.10, 0.0)
    trade = (kinds == KIND_NUMBERS["B2B Customers"]) & (rng.random(len(days)) < 0.4)
    share = np.where(used, _DISCOUNT_SHARES[promotions], np.where(trade, 0.08, voucher))
    return np.round(share * amounts, 2), np.where(used, promotions, -1)


def fill_baskets(
    rng: np.random.Generator,
    catalogue: Catalogue,
    calendar: ShopCalendar,
    customers: np.ndarray,
    days: np.ndarray,
    kinds: np.ndarray,
    tastes: np.ndarray,
) -> Orders:
    """Draw what each order holds and costs.

    Args:
        rng: the source of chance.
        catalogue: the products.
        calendar: the promotions.
        customers: (orders,) row of the customer.
        days: (orders,) day number.
        kinds: (orders,) index in KINDS.
        tastes: (orders,) the customer's leaning to dear products, about N(0, 1).

    Returns:
        Orders, none of them a return.
    """
    count = len(days)
    products = _products(rng, catalogue, kinds, tastes)
    prices = catalogue.list_prices[products]
    years = calendar.dates[days].astype("datetime64[Y]").astype(int)
    prices = np.round(prices * 1.03 ** (years - years.max(initial=0)), 2)
    is_bike = catalogue.categories[products] == 0
    further = _FURTHER_UNITS[kinds] * np.where(is_bike, 0.1, 1) * np.exp(0.3 * tastes)
    quantities = 1 + rng.poisson(further)
    discounts, promotions = _discounts(rng, calendar, kinds, days, prices * quantities)
    business = kinds == KIND_NUMBERS["B2B Customers"]
    private = rng.choice(5, count, p=[0.58, 0.24, 0.04, 0.11, 0.03])
    # Small types: a shop may have tens of millions of orders.
    return Orders(
        customers=customers.astype(np.int32),
        days=days.astype(np.int16),
        kinds=kinds.astype(np.int8),
        products=products.astype(np.int16),
        quantities=quantities.astype(np.int16),
        list_prices=prices,
        discounts=discounts,
        promotions=promotions.astype(np.int8),
        payments=np.where(business & (private < 3), 2, private).astype(np.int8),
        is_online=rng.random(count) < _ONLINE_CHANCES[kinds],
        is_return=np.zeros(count, dtype=bool),
    )


def draw_returns(
    rng: np.random.Generator,
    orders: Orders,
    return_chances: np.ndarray,
    calendar: ShopCalendar,
) -> Orders:
    """Draw the returns: whole orders given back 4 to 24 days later.

    Args:
        rng: the source of chance.
        orders: what was sold.
        return_chances: (customers,) chance that an order comes back.
        calendar: returns after its last day are left out.

    Returns:
        Orders with is_return set, in the order of the orders they return.
    """
    chosen = np.flatnonzero(rng.random(len(orders)) < return_chances[orders.customers])
    back = orders.take(chosen)
    days = back.days + rng.integers(4, 25, len(chosen), dtype=np.int16)
    values = {field.name: getattr(back, field.name) for field in fields(Orders)}
    values |= {"days": days, "is_return": np.ones(len(chosen), dtype=bool)}
    return Orders(**values).take(np.flatnonzero(days < len(calendar)))
