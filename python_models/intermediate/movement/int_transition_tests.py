"""Tests what the chain takes for granted; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.transitions import judge_transitions


def model(dbt, session):
    """Test the paths of the latest months."""
    transitions = engine_of(session).table(dbt.ref("int_segment_transitions"))
    return judge_transitions(
        transitions,
        pairs=int(dbt.config.meta_get("transition_month_pairs")),
    )
