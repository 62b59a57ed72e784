"""A further forecasting method is one entry of the registry, and nothing else."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from made_revenue import (
    assert_sensible,
    judge_forecasts,
    project_revenue,
    rolled,
    seasonal_amounts,
)
from real_builds import PROJECT

from trajectories.forecasting import forecast_models, projected_models
from trajectories.forecasting.methods import METHODS, Method, forecast_of

PRODUCT = (
    "models",
    "python_models",
    "macros",
    "dashboards",
    "trajectories",
    "dbt_project.yml",
)


def seasonal_median(amounts, horizon):
    """The median of the months of the same name."""
    if len(amounts) < 12:
        return None
    months = [amounts[(len(amounts) + step) % 12 :: 12] for step in range(horizon)]
    return forecast_of(np.array([np.median(some) for some in months]))


@pytest.fixture
def median(monkeypatch):
    method = Method(
        name="median of the seasons",
        description="Every month is the median of its kind.",
        forecast=seasonal_median,
    )
    monkeypatch.setitem(METHODS, "seasonal_median", method)
    return method


def test_a_further_method_is_forecast_judged_and_named(median):
    assert "seasonal_median" in projected_models()
    series = {f"s{number}": seasonal_amounts(40, number) for number in range(4)}
    histories = rolled(series, first_months=18, origins=12)
    models = ["naive", "seasonal_median"]
    found = project_revenue(histories, models=models, processes=1)
    judged = judge_forecasts(found, histories)
    assert_sensible(judged)
    latest = judged[judged["origin_month"] == judged["origin_month"].max()]
    said = latest.set_index("model")["decision"].to_dict()
    assert said["seasonal_median"].startswith("Median of the seasons: MASE 0.")
    amounts = latest.groupby(["segment_id", "month", "model"])["forecast_amount"].mean()
    amounts = amounts.unstack()
    np.testing.assert_allclose(amounts[models].mean(axis=1), amounts["plain_mean"])
    away = amounts.sub(amounts["seasonal_median"], axis=0).abs().sum()
    assert away["weighted_mean"] < away["plain_mean"] / 4


def test_a_further_method_is_in_the_table_of_models(median):
    rows = {row["forecast_model_id"]: row for row in forecast_models().to_pylist()}
    assert rows["seasonal_median"]["model_name"] == "Median of the seasons"
    assert rows["seasonal_median"]["description"] == median.description
    assert sorted(row["place"] for row in rows.values()) == [*range(1, len(rows) + 1)]


def test_what_a_method_can_not_forecast_has_no_rows(median):
    histories = rolled({"a": seasonal_amounts(8)}, first_months=8)
    found = project_revenue(histories, models=METHODS, processes=1)
    assert "seasonal_median" not in set(found["model"])
    assert "naive" in set(found["model"])


def test_nothing_else_lists_the_methods():
    names = "|".join(set(METHODS) - {"naive", "theta", "ets"})
    command = ["git", "grep", "-lwE", names, "--", *PRODUCT]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert listed.stdout.split() == ["trajectories/forecasting/methods.py"]
