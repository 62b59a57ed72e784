"""Places customers in segments; see the description in the .yml."""

from trajectories.assignment import ASSIGNMENT_SCHEMA, assign_months
from warehouse.engines import engine_of


def model(dbt, session):
    """Score every active customer of every month with the current versions."""
    engine = engine_of(session)
    models = engine.table(dbt.ref("int_trials_current").filter("is_chosen"))
    months = engine.table(dbt.ref("int_membership_months"))

    def assign(paths):
        return assign_months(models, paths, months)

    return engine.map_rows(dbt.ref("int_customer_paths"), assign, ASSIGNMENT_SCHEMA)
