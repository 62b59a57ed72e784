"""Measures customers of new months; see the description in the .yml."""

import pyarrow as pa
from trajectories.warehouse.engines import engine_of

from trajectories.changes import CHANGE_SCHEMA, measure_changes


def model(dbt, session):
    """Measure the months that are not yet measured as they are."""
    engine = engine_of(session)
    known = engine.table(dbt.ref("int_change_months"))
    due = set(known["fingerprint"].to_pylist())
    if dbt.is_incremental:
        measured = engine.earlier(dbt.this, "distinct fingerprint")
        due -= set(measured["fingerprint"].to_pylist())
    months = pa.table({"fingerprint": pa.array(sorted(due), pa.string())})
    rows = engine.matching(
        dbt.ref("int_change_states"), engine.relation(months), "fingerprint"
    )
    return engine.map_rows(rows, measure_changes, CHANGE_SCHEMA)
