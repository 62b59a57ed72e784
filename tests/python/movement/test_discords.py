"""Unusual weeks of a segment: found with stumpy, and said to be missing without it."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.util import find_spec

import numpy as np
import pyarrow as pa
import pytest

from trajectories.movement import discords
from trajectories.movement.discords import (
    DISCORD_SCHEMA,
    DISCORDS,
    LEVEL,
    NOT_INSTALLED,
    SHAPE,
    WINDOWS,
    dealt,
    earlier_distances,
    find_discords,
)

FIRST = date(2016, 1, 1)
needs_stumpy = pytest.mark.skipif(
    find_spec("stumpy") is None,
    reason="stumpy is not installed; run pip install '.[discords]' to test discords.",
)


def table(series: np.ndarray, segment: str = "value-1") -> pa.Table:
    rows = [
        {
            "segmentation": "value",
            "segment_id": segment,
            "order_date": FIRST + timedelta(days=day),
            "revenue_amount": float(amount),
            "first_date": FIRST,
            "last_date": FIRST + timedelta(days=len(series) - 1),
        }
        for day, amount in enumerate(series)
        if amount
    ]
    return pa.Table.from_pylist(rows)


def ordinary(days: int = 500, seed: int = 1) -> np.ndarray:
    """Weeks that are alike, but for noise."""
    week = np.tile([5.0, 4, 4, 5, 7, 9, 3], days // 7 + 1)[:days]
    return 100 * week + np.random.default_rng(seed).normal(0, 20, days)


def test_without_stumpy_all_series_say_so(monkeypatch):
    monkeypatch.setattr(discords, "has_stumpy", lambda: False)
    found = find_discords(table(ordinary()), seed=0)
    assert found.schema == DISCORD_SCHEMA
    assert found.num_rows == 2 * len(WINDOWS)
    assert found["discord_rank"].null_count == found.num_rows
    assert set(found["reason"].to_pylist()) == {NOT_INSTALLED}


def test_no_days_are_a_typed_empty_table():
    empty = table(ordinary(20)).slice(0, 0)
    assert find_discords(empty, seed=0).equals(DISCORD_SCHEMA.empty_table())


def test_short_and_thin_series_have_a_reason(monkeypatch):
    monkeypatch.setattr(discords, "has_stumpy", lambda: True)
    short = find_discords(table(ordinary(100)), seed=0)
    assert all("known for 100 days" in text for text in short["reason"].to_pylist())
    thin = ordinary()
    thin[np.arange(500) % 5 > 0] = 0
    thin[-1] = 1
    found = find_discords(table(thin), seed=0)
    assert all("on 20 % of days" in text for text in found["reason"].to_pylist())


def test_parts_of_windows_are_dealt():
    series = np.arange(30.0)
    days = dealt(series, 7, np.random.default_rng(0))
    assert sorted(days) == sorted(series)
    assert (days[:28] % 7).tolist() == [0, 1, 2, 3, 4, 5, 6] * 4
    assert days[28:].tolist() == [28, 29]
    weeks = dealt(series, 28, np.random.default_rng(0))
    assert sorted(weeks) == sorted(series)
    assert set(np.diff(weeks[:28].reshape(-1, 7)).ravel()) == {1.0}


@needs_stumpy
@pytest.mark.long
def test_planted_weeks_are_found_and_ordinary_ones_are_not():
    lifted, turned = ordinary(), ordinary(seed=2)
    lifted[400:407] += 600
    turned[301:308] = turned[301:308][::-1].copy()
    found = find_discords(table(lifted), seed=0).to_pylist()
    first = {
        (row["measure"], row["window_days"]): row
        for row in found
        if row["discord_rank"] == 1
    }
    level = first[LEVEL, 7]
    assert abs((level["start_date"] - FIRST).days - 400) <= 6
    assert level["p_value"] == pytest.approx(1 / 20)
    assert level["nearest_start_date"] < level["start_date"]
    assert len([r for r in found if r["measure"] == LEVEL]) == 2 * DISCORDS
    # The same revenue in another order is no matter of level.
    shapes = find_discords(table(turned), seed=0).to_pylist()
    shape = next(r for r in shapes if (r["measure"], r["window_days"]) == (SHAPE, 7))
    assert abs((shape["start_date"] - FIRST).days - 301) <= 6
    assert shape["p_value"] == pytest.approx(1 / 20)
    # Nothing happens.
    quiet = find_discords(table(ordinary(seed=3)), seed=0).to_pylist()
    assert sum(row["p_value"] <= 0.05 for row in quiet) <= 1


@needs_stumpy
@pytest.mark.long
@pytest.mark.parametrize("measure", [LEVEL, SHAPE])
def test_distances_are_of_earlier_windows_alone(measure):
    """Against all pairs; later days change nothing; no score is constant."""
    series = ordinary(120)
    series[50:57] *= 3
    window = 7
    away, nearest = earlier_distances(series, window, measure)
    views = np.lib.stride_tricks.sliding_window_view(series, window)
    if measure == SHAPE:
        views = views - views.mean(axis=1, keepdims=True)
        views = views / views.std(axis=1, keepdims=True)
    pairs = np.sqrt(np.square(views[:, None] - views[None]).sum(axis=2))
    zone = int(np.ceil(window / 4))
    for at in range(zone + 1, len(views)):
        assert nearest[at] < at - zone
        assert away[at] == pytest.approx(pairs[at, : at - zone].min())
    known, _ = earlier_distances(series[:100], window, measure)
    assert known == pytest.approx(away[: len(known)])
    assert away.std() > 0
    assert away[50] > 2 * np.median(away) or measure == SHAPE
