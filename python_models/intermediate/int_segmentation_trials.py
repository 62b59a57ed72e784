"""Finds the segments, and finds them again when they have changed; see the .yml."""

import json

import pyarrow as pa
import pyarrow.compute as pc

from trajectories.fitting import Fitter
from trajectories.model_versions import Build, renew
from trajectories.trials import MONTHS_AHEAD
from warehouse.engines import engine_of


def model(dbt, session):
    """Fit the segmentations that are due; keep the versions of earlier builds."""
    engine = engine_of(session)
    series, orders = dbt.ref("int_customer_series"), dbt.ref("int_orders_accepted")
    stages, drawn = dbt.ref("int_customer_stages"), dbt.ref("int_customers_drawn")
    months, named = dbt.ref("int_membership_months"), dbt.ref("int_inputs_named")
    calendar = engine.table(months)
    settings = json.loads(dbt.config.meta_get("build"))
    build = Build(**settings, input=engine.table(named)["input"][0].as_py())

    def at(backs):
        asked = pc.is_in(calendar["months_back"], pa.array(sorted(backs)))
        return engine.relation(calendar.filter(asked).select(["month"]))

    def look(backs):
        then = engine.table(engine.matching(drawn, at(backs), "month"))
        measured = at({back + more for back in backs for more in (0, MONTHS_AHEAD)})
        known = engine.matching(stages, measured, "month")
        ids = engine.relation(then.group_by("customer_id").aggregate([]))
        parts = {"series": series, "stages": known, "orders": orders}
        of = {
            x: engine.table(engine.matching(parts[x], ids, "customer_id"))
            for x in parts
        }
        fits = build.segmentations, build.common
        return Fitter(*fits, drawn=then, months=calendar, **of)

    def count_known(ids):
        asked = engine.relation(pa.table({"customer_id": pa.array(ids, pa.string())}))
        return engine.table(engine.matching(asked, stages, "customer_id")).num_rows

    return renew(engine.earlier(dbt.this), build, calendar, count_known, look)
