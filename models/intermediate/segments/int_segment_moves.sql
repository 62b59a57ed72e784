-- Each membership beside the one of the month before.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

compared as (

    select
        *,
        lag(segment_id) over by_month as previous_segment_id,
        lag(stage) over by_month as previous_stage,
        lag(month) over by_month as previous_month
    from memberships
    window by_month as (
        partition by segmentation, customer_id order by month
    )

),

flagged as (

    select
        *,
        coalesce(segment_id <> previous_segment_id, true) as is_changed,
        case
            when previous_segment_id is null then 'entered'
            when segment_id = previous_segment_id then 'stayed'
            when stage = 'lapsed' then 'lapsed'
            when previous_stage = 'lapsed' then 'returned'
            when previous_stage = 'new' then 'settled'
            else 'behaved differently'
        end as cause
    from compared

)

select * from flagged
