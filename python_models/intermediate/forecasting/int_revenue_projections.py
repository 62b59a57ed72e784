"""Forecasts every history from its origin by every model; see the .yml."""

import pyarrow as pa
from trajectories.warehouse.engines import engine_of

from trajectories.forecasting import project_revenue


def model(dbt, session):
    """Project what is new; keep what was said of the same history before."""
    engine = engine_of(session)
    histories = engine.table(dbt.ref("int_forecast_histories"))
    days = engine.table(dbt.ref("int_forecast_days"))
    calendar = engine.table(dbt.ref("int_forecast_calendar"))
    earlier = engine.earlier(dbt.this)
    found = project_revenue(
        histories.to_pandas(),
        horizon=int(dbt.config.meta_get("horizon_months")),
        days=days.to_pandas(),
        calendar=calendar.to_pandas(),
        seed=int(dbt.config.meta_get("seed")),
        earlier=earlier and earlier.to_pandas(),
        run=engine.run_tasks,
    )
    return pa.Table.from_pandas(found, preserve_index=False)  # NaN is null
