"""Forecasts revenue per segment; see the description in the .yml."""

from trajectories.forecasting import project_revenue


def model(dbt, session):
    """Forecast every segment's revenue, and backtest from earlier months."""
    history = dbt.ref("int_segment_revenue_months").df()
    return project_revenue(
        history,
        horizon=int(dbt.config.meta_get("horizon_months")),
        origins=int(dbt.config.meta_get("origins")),
        seed=int(dbt.config.meta_get("seed")),
    )
