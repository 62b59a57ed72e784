"""Deals personas to segments; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.segments.personas import assign_personas


def model(dbt, session):
    """Deal the personas that the segments of each month have earned."""
    claims = engine_of(session).table(dbt.ref("int_segment_claims"))
    return assign_personas(claims, float(dbt.config.meta_get("persona_share")))
