-- Everybody who was assigned is here as long as the test is in the plan, with
-- the arm of the first day; no later build changes a row.
with members as (

    select * from {{ ref('int_experiment_members') }}

),

published as (

    select
        experiment_customer_id,
        experiment,
        customer_id,
        arm,
        stratum,
        salt,
        segment_id_at_assignment,
        value_at_assignment,
        is_control,
        is_given,
        assigned_date
    from members

)

select * from published
