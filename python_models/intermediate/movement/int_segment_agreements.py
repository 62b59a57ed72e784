"""Measures how far months agree; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.segment_agreements import measure_agreements


def model(dbt, session):
    """Compare every month's segments with those of the month before."""
    engine = engine_of(session)
    cells = engine.table(dbt.ref("int_segment_months_compared"))
    return measure_agreements(cells, seed=int(dbt.config.meta_get("seed")))
