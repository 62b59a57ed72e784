"""Finds the segments, once; see the description in the .yml."""

import json

import pyarrow as pa

from trajectories.model_versions import Build, renew
from trajectories.trials import MONTHS_AHEAD, run_trials
from warehouse.engines import engine_of


def model(dbt, session):
    """Fit the segmentations that are due; keep the versions of earlier builds."""
    engine = engine_of(session)
    series, orders = dbt.ref("int_customer_series"), dbt.ref("int_orders_accepted")
    stages, drawn = dbt.ref("int_customer_stages"), dbt.ref("int_customers_drawn")
    months, named = dbt.ref("int_membership_months"), dbt.ref("int_inputs_named")
    calendar = engine.table(months)
    build = Build(
        **json.loads(dbt.config.meta_get("build")),
        input=engine.table(named)["input"][0].as_py(),
        last_day=max(calendar["month_end_date"].to_pylist(), default=None),
    )

    def fit(segmentations):
        measured = months.filter(f"months_back in (0, {MONTHS_AHEAD})").select("month")
        then = engine.matching(stages, measured, "month")
        parts = {"series": series, "stages": then, "orders": orders}
        frames = {
            name: engine.table(engine.matching(part, drawn, "customer_id"))
            for name, part in parts.items()
        }
        return run_trials(segmentations, **frames, months=calendar, **build.common)

    def count_known(ids):
        asked = engine.relation(pa.table({"customer_id": pa.array(ids, pa.string())}))
        return engine.table(engine.matching(asked, stages, "customer_id")).num_rows

    return renew(engine.earlier(dbt.this), build, count_known, fit)
