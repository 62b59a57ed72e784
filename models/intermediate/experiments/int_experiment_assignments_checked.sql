-- Given assignments, each with the reason why it is not used, if there is one.
with assignments as (

    select
        *,
        min(arm) over (partition by experiment, customer_id)
        <> max(arm) over (partition by experiment, customer_id)
            as has_two_arms,
        row_number() over (
            partition by experiment, customer_id
            order by assigned_date, arm, raw_row
        ) as copy
    from {{ ref('stg_retail__experiment_assignments') }}

),

experiments as (

    select * from {{ ref('int_experiments_planned') }}

),

arms as (

    select distinct
        experiment,
        arm,
        is_control
    from {{ ref('int_experiment_arms_bounded') }}

),

checked as (

    select
        assignments.experiment,
        assignments.customer_id,
        assignments.arm,
        arms.is_control,
        assignments.salt,
        experiments.start_date,
        coalesce(
            assignments.assigned_date,
            cast({{ dbt.dateadd('day', -1, 'experiments.start_date') }} as date)
        ) as assigned_date,
        assignments.raw_row,
        case
            when assignments.unreadable_line is not null
                then 'unreadable_line'
            when assignments.left_out_line is not null
                then 'left_out_by_mapping'
            when experiments.experiment is null then 'unknown_experiment'
            when assignments.customer_id is null then 'null_customer'
            when assignments.has_two_arms then 'two_arms'
            when assignments.copy > 1 then 'exact_duplicate'
            when arms.arm is null then 'unknown_arm'
            when assignments.has_unreadable_day then 'unparsable_date'
            when {{ is_held_out('assignments.customer_id') }}
                then 'held_out'
        end as reason_code
    from assignments
    left join experiments
        on assignments.experiment = experiments.experiment
    left join arms
        on
            assignments.experiment = arms.experiment
            and assignments.arm = arms.arm

)

select * from checked
