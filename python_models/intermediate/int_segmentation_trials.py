"""Finds the segments, once; see the description in the .yml."""

import json

import duckdb
import pyarrow as pa

from trajectories.model_versions import Build, renew
from trajectories.trials import MONTHS_AHEAD, evidence_customers, run_trials


def model(dbt, session):
    """Fit the segmentations that are due; keep the versions of earlier builds."""
    series, orders = dbt.ref("int_customer_series"), dbt.ref("int_orders_accepted")
    stages, months = dbt.ref("int_customer_stages"), dbt.ref("int_membership_months")
    customers = stages.select("customer_id").distinct()
    read = dbt.ref("int_inputs_named").fetchone()[0]
    end = months.max("month_end_date").fetchone()[0]
    build = Build(**json.loads(dbt.config.meta_get("build")), input=read, last_day=end)

    def rows_of(ids, relation):
        drawn = pa.table({"customer_id": pa.array(ids, pa.string())})
        theirs = relation.join(session.from_arrow(drawn), "customer_id", how="semi")
        return theirs.order("all").to_arrow_table()

    def fit(segmentations):
        known = [row[0] for row in customers.fetchall()]
        ids = evidence_customers(known, build.evidence_customers, build.common["seed"])
        measured = months.filter(f"months_back in (0, {MONTHS_AHEAD})").select("month")
        then = stages.join(measured, "month", how="semi")
        parts = {"series": series, "stages": then, "orders": orders}
        frames = {name: rows_of(ids, part) for name, part in parts.items()}
        frames["months"] = months.to_arrow_table()
        return run_trials(segmentations, **frames, **build.common)

    try:
        history = session.query(f"select * from {dbt.this}").to_arrow_table()
    except duckdb.CatalogException:
        history = None
    return renew(history, build, lambda ids: len(rows_of(ids, customers)), fit)
