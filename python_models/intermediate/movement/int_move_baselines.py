"""Follows the chain of segments ahead from every month; see the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.transitions import follow_chains


def model(dbt, session):
    """Give the row of each segment as it was known at each month's end."""
    transitions = engine_of(session).table(dbt.ref("int_segment_transitions"))
    return follow_chains(
        transitions,
        pairs=int(dbt.config.meta_get("transition_month_pairs")),
        horizons=dbt.config.meta_get("horizons"),
    )
