"""Forecasts every history from its origin by every model; see the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.forecasting import project_revenue


def model(dbt, session):
    """Project what is new; keep what was said of the same history before."""
    engine = engine_of(session)
    return project_revenue(
        engine.table(dbt.ref("int_forecast_histories")),
        horizon=int(dbt.config.meta_get("horizon_months")),
        days=engine.table(dbt.ref("int_forecast_days")),
        calendar=engine.table(dbt.ref("int_forecast_calendar")),
        seed=int(dbt.config.meta_get("seed")),
        earlier=engine.earlier(dbt.this),
        run=engine.run_tasks,
    )
