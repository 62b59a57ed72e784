"""Forecasts revenue per segment; see the description in the .yml."""

from trajectories.forecasting import project_revenue
from warehouse.engines import engine_of


def model(dbt, session):
    """Forecast every segment's revenue, and backtest from earlier months."""
    engine = engine_of(session)
    history = engine.table(dbt.ref("int_segment_revenue_months"))
    return project_revenue(
        history.to_pandas(),
        horizon=int(dbt.config.meta_get("horizon_months")),
        origins=int(dbt.config.meta_get("origins")),
        seed=int(dbt.config.meta_get("seed")),
        run=engine.run_tasks,
    )
