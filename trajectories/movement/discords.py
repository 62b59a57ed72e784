"""Weeks and months in which a segment's revenue went as never before.

The matrix profile of a segment's days (Yeh et al. 2016, "Matrix profile I"), by the
package stumpy, which is an optional extra. A window is compared with all earlier
ones, never with later ones; the farthest from its nearest is a discord (Keogh, Lin
and Fu 2005, "HOT SAX"). On days of a segment it is used, and not on those of a
customer, who orders too rarely: nearly all of her windows are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from itertools import groupby

import numpy as np
import pyarrow as pa

from trajectories.segments.agreement import generator_of

#: Days of a window.
WINDOWS = (7, 28)
#: Whether the level of windows is taken off before they are compared.
LEVEL, SHAPE = "level", "shape"
#: Days before the first window that is told of, at least: a half-year to compare with.
DAYS_BEFORE = 182
#: Share of days with an order, at least: else most windows are gaps.
DENSE_SHARE = 0.5
DISCORDS = 3
#: Copies, at most, of a series in which its days are dealt anew: what chance gives.
SHUFFLES = 19
#: Copies that are as far, after which no more are made (Besag and Clifford 1991).
AS_FAR = 3
NOT_INSTALLED = (
    "Not searched: stumpy is not installed; pip install '.[discords]' and build again."
)
DISCORD_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "segment_id": pa.string(),
        "measure": pa.string(),
        "window_days": pa.int64(),
        "discord_rank": pa.int64(),
        "start_date": pa.date32(),
        "nearest_start_date": pa.date32(),
        "distance": pa.float64(),
        "median_distance": pa.float64(),
        "chance_distance": pa.float64(),
        "p_value": pa.float64(),
        "revenue_amount": pa.float64(),
        "nearest_revenue_amount": pa.float64(),
        "days": pa.int64(),
        "order_days_share": pa.float64(),
        "reason": pa.string(),
    }
)


def has_stumpy() -> bool:
    """Whether the optional package is installed."""
    return find_spec("stumpy") is not None


def find_discords(days: pa.Table, seed: int) -> pa.Table:
    """Find the windows of each segment that are farthest from all before them.

    Args:
        days: one row per segmentation, segment_id and day with an order, with
            order_date, revenue_amount (decimal or double), and the segment's first_date
            and last_date, between which days without a row are 0.
        seed: deals the copies that say what chance gives.

    Returns:
        DISCORD_SCHEMA. Per segment, measure and window, the DISCORDS farthest windows
        that do not overlap, with the nearest earlier window. p_value is the share of
        the series and its shuffled copies, at most SHUFFLES, whose farthest window is
        as far or farther.
        Where nothing is found, one row without a rank, and the reason in a sentence.

    Examples:
        >>> from datetime import date
        >>> day = {"segmentation": "value", "segment_id": "value-1",
        ...        "order_date": date(2017, 1, 5), "revenue_amount": 10.0,
        ...        "first_date": date(2017, 1, 1), "last_date": date(2017, 12, 31)}
        >>> found = find_discords(pa.Table.from_pylist([day]), seed=0)
        >>> found.num_rows, found["discord_rank"].null_count
        (4, 4)
    """
    order = [(key, "ascending") for key in ("segmentation", "segment_id", "order_date")]
    rows = days.sort_by(order).to_pylist()
    found: list[dict] = []
    for key, group in groupby(rows, lambda r: (r["segmentation"], r["segment_id"])):
        common = dict(zip(("segmentation", "segment_id"), key, strict=True))
        found += [common | row for row in _searched([*group], seed, "|".join(key))]
    return pa.Table.from_pylist(found, DISCORD_SCHEMA)


def _searched(rows: Sequence[Mapping], seed: int, key: str) -> Iterator[dict]:
    first, last = rows[0]["first_date"], rows[0]["last_date"]
    series = np.zeros((last - first).days + 1)
    places = [(row["order_date"] - first).days for row in rows]
    series[places] = [float(row["revenue_amount"]) for row in rows]
    dense = len(rows) / len(series)
    for measure in (LEVEL, SHAPE):
        for window in WINDOWS:
            common = {
                "measure": measure,
                "window_days": window,
                "days": len(series),
                "order_days_share": dense,
                "reason": _reason(len(series), window, dense),
            }
            if common["reason"]:
                yield common
                continue
            generator = generator_of(seed, f"{key}|{measure}|{window}")
            for row in _discords(series, window, measure, generator):
                starts = {
                    f"{name}start_date": first + timedelta(days=row.pop(f"{name}at"))
                    for name in ("", "nearest_")
                }
                yield common | starts | row


def _reason(days: int, window: int, dense: float) -> str | None:
    """Say why a series is not searched; None where it is."""
    if not has_stumpy():
        return NOT_INSTALLED
    if days < DAYS_BEFORE + 2 * window:
        return (
            f"Not searched: the segment is known for {days} days, and"
            f" {DAYS_BEFORE + 2 * window} are needed."
        )
    if dense < DENSE_SHARE:
        return (
            f"Not searched: its customers ordered on {100 * dense:.0f} % of days, and"
            f" {100 * DENSE_SHARE:.0f} % are needed."
        )
    return None


def _discords(
    series: np.ndarray, window: int, measure: str, generator: np.random.Generator
) -> Iterator[dict]:
    distances, nearest = earlier_distances(series, window, measure)
    told = distances[DAYS_BEFORE:]
    by_chance: list[float] = []
    while (
        len(by_chance) < SHUFFLES and np.sum(np.array(by_chance) >= told.max()) < AS_FAR
    ):
        copy = dealt(series, window, generator)
        away, _ = earlier_distances(copy, window, measure)
        by_chance.append(away[DAYS_BEFORE:].max())
    left = told.copy()
    for rank in range(1, DISCORDS + 1):
        place = int(np.argmax(left))
        if not left[place] > 0:
            return
        at = DAYS_BEFORE + place
        beside = int(nearest[at])
        as_far = sum(chance >= told[place] for chance in by_chance)
        yield {
            "discord_rank": rank,
            "at": at,
            "nearest_at": beside,
            "distance": float(told[place]),
            "median_distance": float(np.median(told)),
            "chance_distance": float(np.median(by_chance)),
            "p_value": (1 + as_far) / (1 + len(by_chance)),
            "revenue_amount": float(series[at : at + window].sum()),
            "nearest_revenue_amount": float(series[beside : beside + window].sum()),
        }
        left[max(place - window + 1, 0) : place + window] = -1


def earlier_distances(
    series: np.ndarray, window: int, measure: str
) -> tuple[np.ndarray, np.ndarray]:
    """Give each window's distance to its nearest earlier one, by stumpy.

    Args:
        series: (days,) amounts.
        window: days.
        measure: level compares amounts as they are, shape each window less its mean
            over its standard deviation.

    Returns:
        Distances and starts of the nearest, both (days - window + 1,); 0 and -1 where
        there is none before. Windows that overlap by more than three quarters are not
        compared (the exclusion zone of stumpy).

    Raises:
        ModuleNotFoundError: stumpy is not installed.
    """
    import numba
    import stumpy

    searched = stumpy.aamp if measure == LEVEL else stumpy.stump
    threads = numba.get_num_threads()
    # A series is short: threads wait for each other longer than they work.
    numba.set_num_threads(1)
    try:
        profile = searched(series, window)
    finally:
        numba.set_num_threads(threads)
    nearest = np.array([row[2] for row in profile], dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(series, window)
    if measure == SHAPE:
        spread = windows.std(axis=1, keepdims=True)
        centred = windows - windows.mean(axis=1, keepdims=True)
        windows = np.divide(
            centred, spread, out=np.zeros_like(centred), where=spread > 0
        )
    away = np.sqrt(np.square(windows - windows[nearest]).sum(axis=1))
    return np.where(nearest >= 0, away, 0.0), nearest


def dealt(
    series: np.ndarray, window: int, generator: np.random.Generator
) -> np.ndarray:
    """Deal parts of windows anew; days after the last whole week stay at the end.

    Of weeks, days are dealt among those of their weekday; of longer windows, whole
    weeks. What holds a window together is lost, what its parts are is not.

    Examples:
        >>> days = np.arange(16.0)
        >>> copy = dealt(days, 28, np.random.default_rng(0))
        >>> sorted(copy.tolist()) == days.tolist(), copy[-2:].tolist()
        (True, [14.0, 15.0])
    """
    whole = len(series) // 7 * 7
    weeks = series[:whole].reshape(-1, 7)
    by_weekday = generator.permuted if window <= 7 else generator.permutation
    return np.append(by_weekday(weeks, axis=0), series[whole:])
