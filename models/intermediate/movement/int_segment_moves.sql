-- Each membership beside the one of the month before. Of a move it says whether
-- the map of before would have seen it, too.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

compared as (

    select
        *,
        lag(segment_id) over by_month as previous_segment_id,
        lag(nearest_segment_id) over by_month as previous_nearest_segment_id,
        lag(model_version) over by_month as previous_model_version,
        lag(stage) over by_month as previous_stage,
        lag(month) over by_month as previous_month
    from memberships
    window by_month as (
        partition by segmentation, customer_id order by month
    )

),

frozen as (

    select
        customer_segment_id,
        segmentation,
        customer_id,
        segment_id,
        previous_segment_id,
        coalesce(frozen_segment_id, previous_segment_id, segment_id)
            as frozen_segment_id,
        nearest_segment_id,
        previous_nearest_segment_id,
        model_version,
        previous_model_version,
        stage,
        previous_stage,
        cluster_number,
        segment_number,
        distance,
        next_distance,
        confidence,
        is_in_transition,
        coalesce(segment_id <> previous_segment_id, true) as is_changed,
        month,
        previous_month
    from compared

),

caused as (

    select
        *,
        case
            when previous_segment_id is null then 'entered'
            when segment_id = previous_segment_id then 'stayed'
            when stage = 'lapsed' then 'lapsed'
            when previous_stage = 'lapsed' then 'returned'
            when previous_stage in ('new', 'sparse') then 'settled'
            when frozen_segment_id = previous_segment_id then 'map redrawn'
            else 'behaved differently'
        end as cause
    from frozen

)

select * from caused
