"""Checks arms, contacts and designs of experiments; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.experiments import check_experiments


def model(dbt, session):
    """Check what was assigned, and the design on the segment's last weeks."""
    engine = engine_of(session)
    plans = dbt.ref("int_experiments_judged").filter("refusal_code is null")
    return check_experiments(
        engine.table(dbt.ref("int_experiment_balances")),
        engine.table(plans),
        engine.table(dbt.ref("int_testability_mapped")),
    )
