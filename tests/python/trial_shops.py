"""Small shops for the tests of evidence, trials and assignment."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from real_builds import PROJECT

from trajectories.months import month_end, month_of_day, month_start
from trajectories.series.orders import Orders, build, is_active
from trajectories.series.series import Series, series_lengths
from trajectories.trials.settings import Settings

FEW_REPEATS = {"null_shuffles": 19, "bootstrap_refits": 5, "k_max": 5}
SEGMENTATIONS = {
    "lifecycle": {
        "series": "monthly_lrfm",
        "features": [
            "length_days",
            "recency_days",
            "frequency_orders",
            "monetary_amount",
        ],
        "period": "month",
        "window": 12,
        "candidates": [
            {"representation": "population", "metric": "dtw", "band": 1},
            {"representation": "population", "metric": "euclidean"},
        ],
        "numbered_by": "monetary_amount",
        "sample_customers": 200,
    },
    "rhythm": {
        "series": "daily_spend",
        "features": ["spend_amount"],
        "period": "day",
        "window": 90,
        "candidates": [
            {
                "representation": "smoothed_own_maximum",
                "smoothing_steps": 4,
                "metric": "euclidean",
            }
        ],
        "numbered_by": "spend_amount",
        "sample_customers": 300,
    },
    "value": {
        "series": "rfm",
        "features": ["recency_days", "frequency_orders", "monetary_amount"],
        "period": "month",
        "window": 12,
        "is_static": True,
        "candidates": [{"representation": "population", "metric": "euclidean"}],
        "numbered_by": "monetary_amount",
        "sample_customers": 500,
    },
}
SERIES = [Settings(**settings).compared for settings in SEGMENTATIONS.values()]
FEATURES = {series.kind: series.features for series in SERIES}


def declared(kind: str, **changes) -> Series:
    """A series as dbt_project.yml declares it, with changes."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    settings = {**project["vars"]["series"][kind], **changes}
    del settings["numbered_by"]
    return Series(kind, **settings)


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(int))


LAST_DAY, FIRST_DAY = day("2017-12-31"), day("2016-07-01")


def orders_frame(customer, days, amount) -> pd.DataFrame:
    amount = np.asarray(amount, float)
    return pd.DataFrame(
        {
            "customer_id": [f"{c:05d}" for c in customer],
            "order_date": pd.to_datetime(np.asarray(days), unit="D"),
            "amount": amount,
            "is_return": False,
            "items": 1.0,
            "list_amount": amount,
            "discount_amount": 0.0,
            "returned_amount": 0.0,
        }
    )


def poisson_shop(customers=600, seed=0) -> pd.DataFrame:
    """Everyone alike: orders at random days, amounts at random."""
    generator = np.random.default_rng(seed)
    size = customers * 15
    return orders_frame(
        generator.integers(0, customers, size),
        generator.integers(FIRST_DAY, LAST_DAY + 1, size),
        generator.gamma(2, 500, size),
    )


def planted_shop(
    customers=400, seed=0, first_day=FIRST_DAY
) -> tuple[pd.DataFrame, pd.Series]:
    """Three kinds: small and often, large and seldom, and only around promotions."""
    generator = np.random.default_rng(seed)
    parts, kinds = [], {}
    promotions = np.arange(LAST_DAY - 10, first_day, -45)
    for c in range(customers):
        kind = ("weekly", "large", "hunter")[c % 3]
        kinds[f"{c:05d}"] = kind
        if kind == "weekly":
            days = np.arange(first_day + generator.integers(0, 7), LAST_DAY + 1, 7)
            amount = generator.gamma(20, 2, len(days))
        elif kind == "large":
            days = generator.integers(first_day, LAST_DAY + 1, 25)
            amount = generator.gamma(20, 100, len(days))
        else:
            days = np.repeat(promotions, 2) + generator.integers(
                -2, 3, 2 * len(promotions)
            )
            amount = generator.gamma(20, 10, len(days))
        parts.append((np.full(len(days), c), days, amount))
    joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return orders_frame(*joined), pd.Series(kinds)


def shuffled(orders: pd.DataFrame, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    dealt = generator.permutation(orders["customer_id"].to_numpy())
    return orders.assign(customer_id=dealt)


def frames_of(orders: pd.DataFrame, last_day: int = LAST_DAY) -> dict:
    """The four tables that the models give, for the series of the rules above."""
    ids = pd.Index(sorted(orders["customer_id"].unique()), dtype=object)
    held = Orders.from_frame(orders, ids)
    months = pd.DataFrame([_month(back, last_day) for back in range(6)])
    series, stages = [], []
    for compared in SERIES:
        name = compared.kind
        matrix = build(compared, held, len(ids), last_day, np.zeros(len(ids)))
        lengths = series_lengths(matrix)
        lists = [m[len(m) - n :].ravel() for m, n in zip(matrix, lengths, strict=True)]
        series.append(
            pa.table(
                {
                    "series": [name] * len(ids),
                    "customer_id": ids.tolist(),
                    "series_values": pa.array(lists, pa.list_(pa.float64())),
                }
            )
        )
        for month in months.itertuples():
            end = last_day - month.days_back
            rows = np.flatnonzero(is_active(compared, held, len(ids), end, 3, 3))
            count = np.bincount(held.customer[held.day <= end], minlength=len(ids))
            stages.append(
                pd.DataFrame(
                    {
                        "series": name,
                        "customer_id": ids[rows],
                        "month": month.month,
                        "stage": "active",
                        "orders_in_window": count[rows],
                    }
                )
            )
    return {
        "series": pa.concat_tables(series),
        "stages": pd.concat(stages, ignore_index=True),
        "months": months,
        "orders": orders,
    }


def _month(back: int, last_day: int) -> dict:
    number = int(month_of_day(last_day)) - back
    end = int(month_end(number))
    return {
        "month": month_start(number),
        "month_end_date": pd.Timestamp(end, unit="D"),
        "months_back": back,
        "days_back": last_day - end,
    }


def shared_data(folder: str) -> Path | None:
    """The folder of a real data set, or None where it is not present."""
    here = Path(__file__).resolve().parents[2]
    default = here.parent / "shared" / "data"
    path = Path(os.environ.get("TRAJECTORIES_SHARED_DATA", default)) / folder
    return path if path.is_dir() else None


def few_trials(*names, **changes):
    """Settings of some segmentations, with few trials and with changes."""
    return {name: {**SEGMENTATIONS[name], **FEW_REPEATS, **changes} for name in names}
