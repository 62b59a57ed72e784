-- Members of each living segment as the weeks began, leavers among them, and
-- all who had ordered within a year. Of many, as many as evidence asks for,
-- drawn by a seeded hash.
with windows as (

    select * from {{ ref('int_testability_windows') }}

),

living as (

    select * from {{ ref('int_experiment_segments') }}
    where valid_to_date is null

),

memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

customer_months as (

    select * from {{ ref('int_customer_months_measured') }}
    where recency_days < 365

),

listed as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.customer_id,
        windows.weeks
    from memberships
    inner join windows
        on memberships.month = windows.month
    inner join living
        on memberships.segment_id = living.segment_id
    union all
    select
        'all' as segmentation,
        'all' as segment_id,
        customer_months.customer_id,
        windows.weeks
    from customer_months
    inner join windows
        on customer_months.month = windows.month

),

numbered as (

    select
        *,
        cast(count(*) over (
            partition by segmentation, segment_id, weeks
        ) as bigint) as segment_customers,
        row_number() over (
            partition by segmentation, segment_id, weeks
            order by
                {{ dbt.hash(dbt.concat([
                    "'" ~ var('seed') ~ "|'", 'customer_id'
                ])) }},
                customer_id
        ) as draw_number
    from listed

),

members as (

    select
        segmentation,
        segment_id,
        customer_id,
        weeks,
        segment_customers
    from numbered
    where draw_number <= {{ var('evidence_customers') }}

)

select * from members
