"""Calibrates bands, and says what is published from every origin; see the .yml."""

import pyarrow as pa
from trajectories.warehouse.engines import engine_of

from trajectories.forecasting import judge_forecasts


def model(dbt, session):
    """Judge all projections by what was known at their origin."""
    engine = engine_of(session)
    projections = engine.table(dbt.ref("int_revenue_projections"))
    histories = engine.table(dbt.ref("int_forecast_histories"))
    found = judge_forecasts(
        projections.to_pandas(),
        histories.to_pandas(),
        horizon=int(dbt.config.meta_get("horizon_months")),
    )
    return pa.Table.from_pandas(found, preserve_index=False)  # NaN is null
