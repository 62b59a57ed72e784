"""Finds the segments; see the description in the .yml."""

import json

import pyarrow as pa

from trajectories.trials import MONTHS_AHEAD, evidence_customers, run_trials


def model(dbt, session):
    """Fit every candidate of every segmentation on a bounded sample."""
    seed = int(dbt.config.meta_get("seed"))
    months = dbt.ref("int_membership_months")
    measured = months.filter(f"months_back in (0, {MONTHS_AHEAD})").select("month")
    stages = dbt.ref("int_customer_stages")
    known = stages.select("customer_id").distinct().order("customer_id")
    limit = int(dbt.config.meta_get("evidence_customers"))
    customers = [row[0] for row in known.fetchall()]
    customers = evidence_customers(customers, limit, seed)
    chosen = session.from_arrow(
        pa.table({"customer_id": pa.array(customers, pa.string())})
    )

    def of_chosen(relation):
        relation = relation.join(chosen, "customer_id", how="semi")
        return relation.order("all").to_arrow_table()

    return run_trials(
        json.loads(dbt.config.meta_get("segmentations")),
        series=of_chosen(dbt.ref("int_customer_series")),
        stages=of_chosen(stages.join(measured, "month", how="semi")),
        months=months.to_arrow_table(),
        orders=of_chosen(dbt.ref("int_orders_accepted")),
        seed=seed,
        months_of_history=int(dbt.config.meta_get("months_of_history")),
        orders_of_history=int(dbt.config.meta_get("orders_of_history")),
    )
