"""Judges chances of moves beside the rows of segments; see the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.move_records import judge_moves


def model(dbt, session):
    """Redraw customers, and decide by the gain that is beyond chance."""
    losses = engine_of(session).table(dbt.ref("int_move_losses"))
    return judge_moves(losses, seed=int(dbt.config.meta_get("seed")))
