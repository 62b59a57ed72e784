"""Says why customers left valued segments; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.departures.departures import EXPLAINED_SCHEMA, explain_departures
from trajectories.trials.version_rows import versions_of_rows


def model(dbt, session):
    """Explain every departure of the latest month with the version that saw it."""
    engine = engine_of(session)
    models = versions_of_rows(engine.table(dbt.ref("int_model_parts")))
    amounts = engine.table(dbt.ref("int_segment_order_amounts"))
    means = engine.table(dbt.ref("int_segment_features_measured"))
    series = engine.table(dbt.ref("int_series_features"))
    departures = dbt.ref("int_segment_departures")

    def explain(rows):
        return explain_departures(models, amounts, means, series, rows)

    return engine.map_rows(departures, explain, EXPLAINED_SCHEMA)
