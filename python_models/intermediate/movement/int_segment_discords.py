"""Finds unusual weeks and months of segments; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.discords import find_discords


def model(dbt, session):
    """Compare windows of each segment's days with all earlier ones."""
    days = engine_of(session).table(dbt.ref("int_segment_days"))
    return find_discords(days, seed=int(dbt.config.meta_get("seed")))
