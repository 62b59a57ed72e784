"""Finds the segments, and finds them again when they have changed; see the .yml."""

import json

from trajectories.warehouse.engines import engine_of

from trajectories.trials.fitting import Fitter, customer_table, fitted_months
from trajectories.trials.model_versions import Build, renew
from trajectories.trials.version_rows import rows_of_versions, versions_of_rows


def model(dbt, session):
    """Fit the segmentations that are due; keep the versions of earlier builds."""
    engine = engine_of(session)
    stages, drawn = dbt.ref("int_customer_stages"), dbt.ref("int_customers_drawn")
    series = dbt.ref("int_customer_series")
    orders = dbt.ref("int_orders_accepted").filter("not is_unmatched_return")
    months, named = dbt.ref("int_membership_months"), dbt.ref("int_inputs_named")
    calendar = engine.table(months)
    declared = engine.table(dbt.ref("int_segmentations")).to_pylist()
    declared = {row["segmentation"]: json.loads(row["settings"]) for row in declared}
    settings = json.loads(dbt.config.meta_get("build"))
    build = Build(declared, **settings, **engine.table(named).to_pylist()[0])

    def fits_at(backs):
        then, measured = map(engine.relation, fitted_months(calendar, backs))
        looked_at = engine.table(engine.matching(drawn, then, "month"))
        ids = engine.relation(looked_at.group_by("customer_id").aggregate([]))
        known = engine.matching(stages, measured, "month")
        parts = {"series": series, "stages": known, "orders": orders}
        own = {x: engine.matching(parts[x], ids, "customer_id") for x in parts}
        tables = {name: engine.table(part) for name, part in own.items()}
        return Fitter(build, calendar, looked_at, **tables)

    def count_known(ids):
        wanted = engine.relation(customer_table(ids))
        return engine.table(engine.matching(wanted, stages, "customer_id")).num_rows

    history = versions_of_rows(engine.earlier(dbt.this))
    return rows_of_versions(renew(history, build, calendar, count_known, fits_at))
