-- Who is to be assigned: today's customers of a segment (without one, those who
-- ordered within a year) whom no other test on the metric has. Who has been
-- assigned stays so: a test that is stored, or given, takes nobody in.
with as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

taken as (

    select experiment, customer_id from {{ kept_assignments() }} as kept
    union all
    select experiment, customer_id
    from {{ ref('int_experiment_assignments_given') }}
    where reason_code is null

),

assigned as (

    select distinct experiment from taken

),

experiments as (

    select
        planned.*,
        as_of_dates.as_of_date,
        as_of_dates.last_month
    from {{ ref('int_experiments_planned') }} as planned
    inner join as_of_dates on planned.start_date > as_of_dates.as_of_date
    left join assigned on planned.experiment = assigned.experiment
    where planned.reason_code is null and assigned.experiment is null

),

active as (

    select
        customer_id,
        month
    from {{ ref('int_customer_months_measured') }}
    where recency_days < 365

),

memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

called as (

    select
        experiments.experiment,
        active.customer_id,
        experiments.as_of_date
    from experiments
    inner join active
        on experiments.last_month = active.month
    where experiments.segment_id is null
    union all
    select
        experiments.experiment,
        memberships.customer_id,
        experiments.as_of_date
    from experiments
    inner join memberships
        on
            experiments.segment_id = memberships.segment_id
            and experiments.last_month = memberships.month

),

others as (

    select
        pairs.experiment,
        taken.customer_id
    from {{ ref('int_experiment_overlaps') }} as pairs
    inner join taken
        on pairs.other_experiment = taken.experiment
    union all
    select
        pairs.experiment,
        called.customer_id
    from {{ ref('int_experiment_overlaps') }} as pairs
    inner join called
        on pairs.other_experiment = called.experiment
    where pairs.is_earlier

),

busy as (

    select distinct experiment, customer_id from others

),

candidates as (

    select
        called.experiment,
        called.customer_id,
        called.as_of_date as assigned_date
    from called
    left join busy
        on
            called.experiment = busy.experiment
            and called.customer_id = busy.customer_id
    where
        busy.customer_id is null
        and not {{ is_held_out('called.customer_id') }}

)

select * from candidates
