"""Places customers in segments; see the description in the .yml."""

from trajectories.assignment import assign_months


def model(dbt, session):
    """Score every active customer of every month with the current versions."""
    models = dbt.ref("int_trials_current").filter("is_chosen")
    stages = dbt.ref("int_customer_stages").filter("stage = 'active'")
    series = dbt.ref("int_customer_series").order("series, customer_id")
    return assign_months(
        models.to_arrow_table(),
        series=series.to_arrow_table(),
        stages=stages.select("series, customer_id, month, stage").to_arrow_table(),
        months=dbt.ref("int_membership_months").to_arrow_table(),
        n_jobs=-1,
    )
