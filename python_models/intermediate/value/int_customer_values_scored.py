"""Scores the customers of all months; see the description in the .yml."""

import pyarrow as pa
from trajectories.warehouse.engines import engine_of

from trajectories.value import VALUE_SCHEMA, value_scorer


def model(dbt, session):
    """Score the months that are not yet scored as they are."""
    engine = engine_of(session)
    states = dbt.ref("int_value_records").filter("part = 'state'")
    known = engine.table(dbt.ref("int_value_months"))
    due = set(known["fingerprint"].to_pylist())
    if dbt.is_incremental:
        scored = engine.earlier(dbt.this, "distinct fingerprint")
        due -= set(scored["fingerprint"].to_pylist())
    months = pa.table({"fingerprint": pa.array(sorted(due), pa.string())})
    rows = engine.matching(
        dbt.ref("int_value_states"), engine.relation(months), "fingerprint"
    )
    score = value_scorer(
        engine.table(states),
        seed=int(dbt.config.meta_get("seed")),
        discount_share=float(dbt.config.meta_get("discount_share")),
    )
    return engine.map_rows(rows, score, VALUE_SCHEMA)
