"""Places customers in segments; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.segments.assignment import ASSIGNMENT_SCHEMA, assign_months
from trajectories.series.series import features_of
from trajectories.trials.version_rows import versions_of_rows


def model(dbt, session):
    """Score the active customers of every month that is not yet scored as it is."""
    engine = engine_of(session)
    models = versions_of_rows(engine.table(dbt.ref("int_model_parts")))
    months = engine.table(dbt.ref("int_membership_months"))
    features = features_of(engine.table(dbt.ref("int_series_features")))
    done = []
    if dbt.is_incremental:
        scored = engine.earlier(dbt.this, "distinct model_version, fingerprint")
        done = [tuple(row.values()) for row in scored.to_pylist()]

    def assign(paths):
        return assign_months(models, paths, months, features, done)

    return engine.map_rows(dbt.ref("int_customer_paths"), assign, ASSIGNMENT_SCHEMA)
