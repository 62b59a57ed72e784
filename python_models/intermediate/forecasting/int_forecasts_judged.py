"""Calibrates bands, and says what is published from every origin; see the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.forecasting import judge_forecasts


def model(dbt, session):
    """Judge all projections by what was known at their origin."""
    engine = engine_of(session)
    return judge_forecasts(
        engine.table(dbt.ref("int_revenue_projections")),
        engine.table(dbt.ref("int_forecast_histories")),
        horizon=int(dbt.config.meta_get("horizon_months")),
    )
