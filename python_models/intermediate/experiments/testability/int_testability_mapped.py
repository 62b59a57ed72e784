"""Says which segments can be tested on what; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.experiments import map_testability


def model(dbt, session):
    """Measure the last weeks of each segment, and try each design on them."""
    engine = engine_of(session)
    shares = dbt.config.meta_get("control_shares").split(",")
    return map_testability(
        engine.table(dbt.ref("int_testability_values")),
        engine.table(dbt.ref("int_testability_segments")),
        control_shares=[float(share) for share in shares],
        expected_lift_share=float(dbt.config.meta_get("expected_lift_share")),
        seed=int(dbt.config.meta_get("seed")),
        n_jobs=-1,
    )
