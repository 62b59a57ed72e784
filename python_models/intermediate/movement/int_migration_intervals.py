"""Bounds what moves changed; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.movement.migration_intervals import INTERVAL_SCHEMA, bound_changes


def model(dbt, session):
    """Redraw the customers of every path between segments."""
    engine = engine_of(session)
    seed = int(dbt.config.meta_get("seed"))

    def bound(paths):
        return bound_changes(paths, seed)

    relation = dbt.ref("int_migrations_gathered")
    return engine.map_rows(relation, bound, INTERVAL_SCHEMA)
