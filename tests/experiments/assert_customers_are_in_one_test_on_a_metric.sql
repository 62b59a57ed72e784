-- Of two tests at once nobody could tell which has worked.
with assignments as (

    select
        assignments.customer_id,
        experiments.*
    from {{ ref('fct_experiment_assignments') }} as assignments
    inner join {{ ref('dim_experiments') }} as experiments
        on assignments.experiment = experiments.experiment
    where experiments.status <> 'refused'

)

select
    assignments.customer_id,
    assignments.experiment,
    others.experiment as other_experiment
from assignments
inner join assignments as others
    on
        assignments.customer_id = others.customer_id
        and assignments.primary_metric = others.primary_metric
        and assignments.experiment < others.experiment
        and assignments.start_date <= others.end_date
        and others.start_date <= assignments.end_date
