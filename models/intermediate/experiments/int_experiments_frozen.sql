-- The plan as it was when customers were first assigned by it, written once.
with kept as (

    select * from {{ kept_plans() }} as kept_plans

),

{% if is_incremental() -%}
stored as (

    select distinct experiment from {{ this }}

),

{% endif -%}
members as (

    select distinct experiment from {{ ref('int_experiment_members') }}

),

begun as (

    select
        planned.experiment,
        planned.salt,
        planned.plan_hash
    from {{ ref('int_experiments_planned') }} as planned
    inner join members
        on planned.experiment = members.experiment
    left join kept
        on planned.experiment = kept.experiment
    where planned.reason_code is null and kept.experiment is null

),

frozen as (

    select
        experiment,
        salt,
        plan_hash
    from kept
    {% if is_incremental() -%}
    where experiment not in (select stored.experiment from stored)
    {% endif -%}
    union all
    select * from begun

)

select * from frozen
