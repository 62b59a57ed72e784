"""Says what experiments brought in money; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.experiments import measure_returns


def model(dbt, session):
    """Simulate the return of every arm by its latest planned look."""
    engine = engine_of(session)
    plans = dbt.ref("int_experiments_judged").filter("refusal_code is null")
    return measure_returns(
        engine.table(dbt.ref("int_experiment_readouts")),
        engine.table(plans),
        engine.table(dbt.ref("int_experiment_balances")),
        seed=int(dbt.config.meta_get("seed")),
    )
