-- Given assignments without those of customers whom an earlier test on the same
-- metric has: of two tests at once nobody could tell which has worked.
with checked as (

    select * from {{ ref('int_experiment_assignments_checked') }}

),

pairs as (

    select * from {{ ref('int_experiment_overlaps') }}

),

taken as (

    select
        experiment,
        customer_id,
        false as is_stored
    from checked
    where reason_code is null
    union all
    select
        experiment,
        customer_id,
        true as is_stored
    from {{ kept_assignments() }} as kept

),

twice as (

    select distinct
        checked.experiment,
        checked.customer_id
    from checked
    inner join pairs
        on checked.experiment = pairs.experiment
    inner join taken
        on
            pairs.other_experiment = taken.experiment
            and checked.customer_id = taken.customer_id
            and (pairs.is_earlier or taken.is_stored)

),

given as (

    select
        checked.experiment,
        checked.customer_id,
        checked.arm,
        checked.is_control,
        checked.salt,
        checked.start_date,
        checked.assigned_date,
        checked.raw_row,
        coalesce(
            checked.reason_code,
            case when twice.customer_id is not null then 'in_another_test' end
        ) as reason_code
    from checked
    left join twice
        on
            checked.experiment = twice.experiment
            and checked.customer_id = twice.customer_id

)

select * from given
