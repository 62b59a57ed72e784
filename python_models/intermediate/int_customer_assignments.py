"""Places customers in segments; see the description in the .yml."""

import json

from trajectories.assignment import assign_months


def model(dbt, session):
    """Assign every active customer of every month by the chosen trials."""
    trials = dbt.ref("int_trials_current").filter("is_chosen")
    stages = dbt.ref("int_customer_stages").filter("stage = 'active'")
    series = dbt.ref("int_customer_series").order("series, customer_id")
    return assign_months(
        json.loads(dbt.config.meta_get("segmentations")),
        trials=trials.to_arrow_table(),
        series=series.to_arrow_table(),
        stages=stages.select("series, customer_id, month, stage").to_arrow_table(),
        months=dbt.ref("int_membership_months").to_arrow_table(),
        n_jobs=-1,
    )
