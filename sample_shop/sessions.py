"""Web sessions of the sample shop: some lead to an order, most do not."""

import numpy as np
import pandas as pd
from trajectories.sample_shop.orders import Orders
from trajectories.sample_shop.shop_calendar import ShopCalendar

RECORDED_SHARE = 0.25  # of online orders; the rest had tracking refused


def draw_sessions(
    rng: np.random.Generator,
    orders: Orders,
    customer_ids: np.ndarray,
    is_browser: np.ndarray,
    calendar: ShopCalendar,
) -> pd.DataFrame:
    """Draw sessions: those of online orders and those without an order.

    Args:
        rng: the source of chance.
        orders: orders and returns.
        customer_ids: (customers,) strings.
        is_browser: (customers,) who looks far more often than orders.
        calendar: the days.

    Returns:
        customer_id, session_started_at, page_views, seconds; strings, sorted.
    """
    seen = orders.is_online & ~orders.is_return
    seen &= rng.random(len(orders)) < RECORDED_SHARE
    visits = rng.poisson(np.where(is_browser, 24.0, 1.2))
    firsts = np.full(len(customer_ids), len(calendar) - 1)
    np.minimum.at(firsts, orders.customers, orders.days)
    browsers = np.repeat(np.arange(len(customer_ids)), visits)
    first_days = np.maximum(firsts[browsers] - 14, 0)
    spans = len(calendar) - first_days
    browse_days = first_days + (rng.random(len(browsers)) * spans).astype(int)
    customers = np.concatenate([orders.customers[seen], browsers])
    days = np.concatenate([orders.days[seen], browse_days])
    hours = np.clip(rng.normal(16.5, 4, len(days)), 5, 23.99)
    seconds_of_day = (hours * 3600).astype(int)
    pages = 1 + rng.poisson(np.where(np.arange(len(days)) < seen.sum(), 7.0, 4.0))
    seconds = np.rint(pages * rng.gamma(3.0, 13.0, len(days))).astype(int)
    started = calendar.dates[days].astype("datetime64[s]") + seconds_of_day
    order = np.lexsort((seconds, customers, started))
    texts = np.char.replace(np.datetime_as_string(started[order]), "T", " ")
    return pd.DataFrame(
        {
            "customer_id": customer_ids[customers[order]],
            "session_started_at": texts,
            "page_views": pages[order].astype(str),
            "seconds": seconds[order].astype(str),
        },
        dtype=object,
    )
