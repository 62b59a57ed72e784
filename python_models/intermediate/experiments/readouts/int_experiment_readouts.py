"""Reads experiments out of weekly sums; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.experiments import read_experiments


def model(dbt, session):
    """Compare arms of every experiment, metric and week."""
    engine = engine_of(session)
    plans = dbt.ref("int_experiments_judged").filter("refusal_code is null")
    return read_experiments(
        engine.table(dbt.ref("int_experiment_weeks")),
        engine.table(plans),
        engine.table(dbt.ref("int_experiment_checks")),
        engine.table(dbt.ref("int_experiment_outcomes")),
        engine.table(dbt.ref("int_experiment_protocols")),
        seed=int(dbt.config.meta_get("seed")),
    )
