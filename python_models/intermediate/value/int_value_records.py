"""Fits, compares and calibrates models of customer value; see the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.value import judge_values


def model(dbt, session):
    """Judge the origins that are new; keep what was said of the same ones before."""
    engine = engine_of(session)
    months = dbt.ref("int_value_months").filter("is_origin")
    samples = dbt.ref("int_value_samples")
    return judge_values(
        lambda: engine.table(samples),
        engine.table(months),
        seed=int(dbt.config.meta_get("seed")),
        earlier=engine.earlier(dbt.this),
    )
