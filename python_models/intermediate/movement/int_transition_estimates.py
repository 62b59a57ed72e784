"""Estimates where customers of a segment go; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.transitions import estimate_transitions


def model(dbt, session):
    """Estimate probabilities from the paths of the latest months."""
    transitions = engine_of(session).table(dbt.ref("int_segment_transitions"))
    return estimate_transitions(
        transitions,
        pairs=int(dbt.config.meta_get("transition_month_pairs")),
    )
