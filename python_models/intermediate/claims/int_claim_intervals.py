"""Gives claims about forecasts their intervals; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.claims import bootstrap_over_origins


def model(dbt, session):
    """Redraw blocks of origins of every measure."""
    engine = engine_of(session)
    return bootstrap_over_origins(
        engine.table(dbt.ref("int_claim_origins")),
        horizon=int(dbt.config.meta_get("horizon_months")),
        seed=int(dbt.config.meta_get("seed")),
    )
