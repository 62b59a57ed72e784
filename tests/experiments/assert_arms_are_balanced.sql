-- Where customers were drawn here, an arm has its share of each stratum, to
-- one.
with assignments as (

    select * from {{ ref('fct_experiment_assignments') }}
    where not is_given

),

strata as (

    select
        experiment,
        stratum,
        count(*) as customers
    from assignments
    group by 1, 2

),

arms as (

    select
        strata.experiment,
        strata.stratum,
        strata.customers,
        bounded.arm,
        bounded.share
    from strata
    inner join {{ ref('int_experiment_arms_bounded') }} as bounded
        on strata.experiment = bounded.experiment

),

counted as (

    select
        experiment,
        stratum,
        arm,
        count(*) as customers
    from assignments
    group by 1, 2, 3

)

select
    arms.*,
    counted.customers as found
from arms
left join counted
    on
        arms.experiment = counted.experiment
        and arms.stratum = counted.stratum
        and arms.arm = counted.arm
inner join {{ ref('dim_experiments') }} as experiments
    on arms.experiment = experiments.experiment
where
    experiments.status <> 'refused'
    and abs(
        coalesce(counted.customers, 0) - arms.customers * arms.share
    ) >= 1.01
