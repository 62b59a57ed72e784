-- Leavers and those who did nothing are in every sum, and a refused test in
-- none.
with weeks as (

    select
        experiment,
        metric,
        week,
        sum(customers) as customers
    from {{ ref('fct_experiment_weeks') }}
    group by 1, 2, 3

),

assigned as (

    select
        experiment,
        count(*) as customers
    from {{ ref('fct_experiment_assignments') }}
    group by 1

)

select weeks.*
from weeks
inner join assigned
    on weeks.experiment = assigned.experiment
inner join {{ ref('dim_experiments') }} as experiments
    on weeks.experiment = experiments.experiment
where
    weeks.customers <> assigned.customers
    or experiments.status = 'refused'
