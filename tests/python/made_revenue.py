"""Made revenue, forecasts and records, for the tests of forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.frames import of_frames
from trajectories import forecasting
from trajectories.forecasting.histories import RevenueHistory, read_revenue_histories
from trajectories.forecasting.projections import DTYPES
from trajectories.forecasting.records import BacktestRecord
from trajectories.months import month_start

#: With frames, which tests change and look at.
judge_forecasts = of_frames(forecasting.judge_forecasts)
project_revenue = of_frames(forecasting.project_revenue)
rolling_histories = of_frames(forecasting.rolling_histories)
ORIGIN = "2017-12"
BOUNDS = [
    "lower_95_amount",
    "lower_80_amount",
    "forecast_amount",
    "upper_80_amount",
    "upper_95_amount",
]


def history_rows(
    amounts,
    segment_id="a",
    segmentation="value",
    definition="stock",
    origin=ORIGIN,
    later=(),
):
    """One history: amounts up to the origin, later ones after it."""
    last = pd.Period(origin, "M") + len(later)
    months = pd.period_range(end=last, periods=len(amounts) + len(later), freq="M")
    return pd.DataFrame(
        {
            "definition": definition,
            "segmentation": segmentation,
            "segment_id": segment_id,
            "origin_month": pd.Timestamp(origin),
            "month": months.to_timestamp(),
            "revenue_amount": np.array([*amounts, *later], dtype="float64"),
        }
    )


def month_rows(amounts, segment_id="a", segmentation="value", end=ORIGIN):
    """A plain monthly series, for `rolling_histories`."""
    rows = history_rows(amounts, segment_id, segmentation, origin=end)
    return rows[["segmentation", "segment_id", "month", "revenue_amount"]]


def rolled(series, **options):
    """Histories of several plain series of one segmentation, by segment."""
    rows = [month_rows(amounts, name) for name, amounts in series.items()]
    return rolling_histories(pd.concat(rows), **options)


def seasonal_amounts(months, seed=0, amplitude=0.4, level=10_000):
    steps = np.arange(months)
    noise = np.random.default_rng(seed).normal(0, level / 50, months)
    return level * (1 + amplitude * np.sin(2 * np.pi * steps / 12)) + noise


def last_month(history):
    return max(history.amounts[-1], 0.0)


def mean_month(history):
    return max(history.amounts[-12:].mean(), 0.0)


def said_plainly(histories, horizon=6, **models):
    """What `project_revenue` would give if models were functions of a history.

    Each gives a number, an array of the horizon's length, or None for no forecast.
    """
    models = models or {"naive": last_month, "yearly_mean": mean_month}
    rows = []
    for one in read_revenue_histories(histories, horizon):
        for name, method in models.items():
            said = method(one)
            if said is None:
                continue
            amounts = np.broadcast_to(np.asarray(said, dtype=float), horizon)
            keys = (one.definition, one.segmentation, one.segment_id, name, "made")
            start = month_start(one.origin)
            rows += [
                (
                    *keys,
                    step,
                    amount,
                    *[np.nan] * 4,
                    start,
                    month_start(one.origin + step),
                )
                for step, amount in enumerate(amounts, 1)
            ]
    return pd.DataFrame(rows, columns=list(DTYPES)).astype(DTYPES)


def record_of(said, came, scales=1.0, months=12):
    """A record of series seen from origins, all in one group.

    `said` holds, by model, and `came` is of shape (series, origins, horizon).
    """
    series, origins, horizon = came.shape
    histories = [
        RevenueHistory(
            "stock", "value", f"s{s}", 24_000 + o, np.full(months, 100.0), came[s, o]
        )
        for s in range(series)
        for o in range(origins)
    ]
    return BacktestRecord(
        histories=histories,
        origins=np.array([one.origin for one in histories]),
        definitions=np.array([one.definition for one in histories]),
        segmentations=np.array([one.segmentation for one in histories]),
        outcomes=came.reshape(-1, horizon).astype(float),
        scales=np.full(len(histories), scales),
        spreads=np.full(len(histories), scales),
        forecasts={
            name: values.reshape(-1, horizon).astype(float)
            for name, values in said.items()
        },
    )


def assert_sensible(found):
    """Nothing missing, nothing below zero, bands nested and never narrower."""
    amounts = found[BOUNDS].to_numpy()
    assert np.isfinite(amounts).all()
    assert (amounts >= 0).all()
    slack = 1e-9 * (1 + np.abs(amounts).max(initial=0))
    assert (np.diff(amounts, axis=1) >= -slack).all()
    steps = found["horizon"].to_numpy()
    for level in (80, 95):
        width = (found[f"upper_{level}_amount"] - found[f"lower_{level}_amount"]).array
        narrower = (np.diff(width) < -slack) & (np.diff(steps) == 1)
        assert not narrower.any()
    keys = ["definition", "segmentation", "segment_id", "origin_month", "month"]
    published = found.groupby(keys)["is_published"].sum()
    assert (published == 1).all()
    assert found["reason"].str.endswith(".").all()
    assert found["decision"].str.endswith(".").all()
