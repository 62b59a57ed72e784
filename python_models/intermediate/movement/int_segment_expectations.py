"""Expects the sizes of segments; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.transitions import expect_segments


def model(dbt, session):
    """Expect sizes from the latest month, and from earlier ones."""
    transitions = engine_of(session).table(dbt.ref("int_segment_transitions"))
    return expect_segments(
        transitions,
        pairs=int(dbt.config.meta_get("transition_month_pairs")),
        seed=int(dbt.config.meta_get("seed")),
    )
