"""Monthly series to forecast: made ones of known kinds, products, other people's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from trajectories.months import month_number

SERIES_COLUMNS = ["series_id", "month", "amount"]
START = pd.Timestamp("2015-01-01")
HUGE_SHARE = 0.15
# Lines of merchandise of known customers; the two sheets overlap by nine days, whose
# lines are there twice. The last month of the data is not complete.
PRODUCTS = r"""
    with
    lines as (
        select distinct
            Invoice, StockCode, Description, Quantity, Price, InvoiceDate
        from read_parquet(?)
        where "Customer ID" is not null and regexp_matches(StockCode, '^\d{5}')
    ),
    months as (
        select
            upper(trim(StockCode)) as series_id,
            cast(date_trunc('month', InvoiceDate) as date) as month,
            cast(sum(cast(Quantity * Price as decimal(18, 4))) as double) as amount
        from lines
        where InvoiceDate < date '2011-12-01'
        group by all
    ),
    best as (
        select series_id
        from months
        where month < date '2010-12-01'
        group by all
        order by sum(amount) desc, series_id
        limit ?
    )
    select series_id, calendar.month, coalesce(amount, 0) as amount
    from best
    cross join (select distinct month from months) as calendar
    left join months using (series_id, month)
    order by all
"""


def made_series(per_kind: int = 40, months: int = 30, seed: int = 1) -> pd.DataFrame:
    """Make monthly series of each of KINDS, the same for the same seed.

    Amounts are a level (lognormal, median 8,100) times the kind's shape times lognormal
    noise of mean 1, of which the coefficient of variation (0.05 to 0.35) and the
    autocorrelation (0 to 0.7) are drawn for each series. HUGE_SHARE of the series have
    one month of two to five times its size, but for the intermittent ones.

    Args:
        per_kind: series of each kind; the first ones do not depend on how many.
        months: of each series.
        seed: any number.

    Returns:
        SERIES_COLUMNS and kind, one row per series and month, in order.
    """
    parts = []
    for place, (kind, shape) in enumerate(KINDS.items()):
        for number in range(per_kind):
            generator = np.random.default_rng([seed, place, number])
            amounts = np.exp(generator.normal(9, 1.2)) * shape(months, generator)
            amounts = amounts * _noise(months, generator)
            if kind != "intermittent" and generator.random() < HUGE_SHARE:
                amounts[generator.integers(months)] *= generator.uniform(2, 5)
            parts.append(
                pd.DataFrame(
                    {
                        "series_id": f"{kind} {number:03d}",
                        "month": pd.date_range(START, periods=months, freq="MS"),
                        "amount": amounts.round(2),
                        "kind": kind,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _noise(months: int, generator: np.random.Generator) -> np.ndarray:
    """Lognormal noise of mean 1, each month carrying on some of the last one's."""
    variation, carried = generator.uniform(0.05, 0.35), generator.uniform(0, 0.7)
    fresh = generator.normal(size=months)
    state = fresh.copy()
    for month in range(1, months):
        state[month] = carried * state[month - 1]
        state[month] += np.sqrt(1 - carried**2) * fresh[month]
    spread = np.sqrt(np.log1p(variation**2))
    return np.exp(spread * state - spread**2 / 2)


def _level(months: int, generator: np.random.Generator) -> np.ndarray:
    return np.ones(months)


def _trend(months: int, generator: np.random.Generator) -> np.ndarray:
    """Growth or decline, by a share of itself (2 %) or in a straight line (3 %)."""
    passed = np.arange(months)
    if generator.random() < 0.5:
        return np.exp(generator.normal(0, 0.02) * passed)
    return np.maximum(1 + generator.normal(0, 0.03) * passed, 0.05)


def _seasonal(months: int, generator: np.random.Generator) -> np.ndarray:
    """Two waves a year, a slow trend, and in 40 % a month that stands out."""
    passed = np.arange(months)
    size, phases = generator.uniform(0.1, 0.5), generator.uniform(0, 2 * np.pi, 2)
    waves = np.sin(2 * np.pi * passed / 12 + phases[0])
    waves += np.sin(4 * np.pi * passed / 12 + phases[1]) / 2
    shape = np.exp(size * waves + generator.normal(0, 0.008) * passed)
    if generator.random() < 0.4:
        is_month = passed % 12 == generator.integers(12)
        shape = np.where(is_month, generator.uniform(1.5, 3) * shape, shape)
    return shape


def _intermittent(months: int, generator: np.random.Generator) -> np.ndarray:
    """Revenue in some months only, of sizes of its own."""
    is_sold = generator.random(months) < generator.uniform(0.2, 0.7)
    return is_sold * generator.lognormal(0, 0.6, months)


def _break(months: int, generator: np.random.Generator) -> np.ndarray:
    """Another level from a month on, anywhere from the fifth to the 28th."""
    is_after = np.arange(months) >= generator.integers(4, 28)
    return np.where(is_after, np.exp(generator.normal(0, 0.6)), 1.0)


KINDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "level": _level,
    "trend": _trend,
    "seasonal": _seasonal,
    "intermittent": _intermittent,
    "break": _break,
}


def made_days(series: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Spread months over their days, weekdays getting more, at random.

    Args:
        series: SERIES_COLUMNS.
        seed: any number.

    Returns:
        series_id, order_date, amount: they add up to the months but for rounding.
    """
    generator = np.random.default_rng(seed)
    days = series.loc[series.index.repeat(series["month"].dt.days_in_month)]
    days = days.reset_index(drop=True)
    place = days.groupby(["series_id", "month"]).cumcount()
    days["order_date"] = days["month"] + pd.to_timedelta(place, unit="D")
    weights = generator.gamma(2.0, size=len(days))
    weights *= np.where(days["order_date"].dt.day_of_week < 5, 1.5, 0.5)
    total = pd.Series(weights).groupby([days["series_id"], days["month"]])
    days["amount"] = days["amount"] * weights / total.transform("sum")
    return days[["series_id", "order_date", "amount"]]


def product_series(path: Path, products: int) -> pd.DataFrame:
    """Read the monthly revenue of Online Retail II's best-selling products.

    Best-selling in the first twelve months, which every forecast knows; a month
    without sales is 0, one of net returns is negative.

    Args:
        path: online_retail_II.parquet.
        products: how many.

    Returns:
        SERIES_COLUMNS, of 24 months, in order.
    """
    with duckdb.connect() as connection:
        found = connection.execute(PRODUCTS, [str(path), products]).df()
    return found.assign(month=pd.to_datetime(found["month"]))


def read_series(path: Path) -> pd.DataFrame:
    """Read other people's monthly series from a CSV file.

    Args:
        path: with columns series_id, month (a date in it) and amount, in any order.

    Returns:
        SERIES_COLUMNS, in order.

    Raises:
        ValueError: the file cannot be used; a sentence says why.
    """
    try:
        found = pd.read_csv(path, dtype={"series_id": str})
    except (OSError, ValueError) as error:  # ValueError: empty, or no table
        raise ValueError(f"The file {path} cannot be read: {error}.") from None
    missing = [name for name in SERIES_COLUMNS if name not in found.columns]
    if missing:
        raise ValueError(
            f"The file {path} has no column {', '.join(missing)}; found"
            f" {', '.join(found.columns)}. Give {', '.join(SERIES_COLUMNS)}."
        )
    months = pd.to_datetime(found["month"], errors="coerce")
    amounts = pd.to_numeric(found["amount"], errors="coerce")
    is_unusable = found["series_id"].isna() | months.isna() | ~np.isfinite(amounts)
    if is_unusable.any():
        row = int(np.flatnonzero(is_unusable)[0])
        raise ValueError(
            f"The file {path} has {int(is_unusable.sum())} rows without an id, a date"
            f" or a finite amount, first line {row + 2}:"
            f" {found.loc[row, SERIES_COLUMNS].tolist()}."
        )
    found = pd.DataFrame(
        {
            "series_id": found["series_id"],
            "month": months.dt.to_period("M").dt.to_timestamp(),
            "amount": amounts.astype(float),
        }
    ).sort_values(["series_id", "month"], ignore_index=True)
    _check_steps(found, path)
    return found


def _check_steps(series: pd.DataFrame, path: Path) -> None:
    """Hold every series to one row per month."""
    number = pd.Series(month_number(series["month"]), series.index)
    is_wrong = number.groupby(series["series_id"]).diff().fillna(1) != 1
    if is_wrong.any():
        row = series[is_wrong].iloc[0]
        raise ValueError(
            f"The file {path} has {int(is_wrong.sum())} months that do not follow the"
            f" one before, first {row['month']:%Y-%m} of series {row['series_id']!r}."
            " Give one row per series and month, also where the amount is 0."
        )
