-- The segments that a plan may name, and when those ended that are no more.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

in_use as (

    select distinct segment_id
    from {{ ref('int_trial_centroids') }}
    where is_chosen

),

summed as (

    select
        segmentation,
        segment_id,
        segment_number,
        max(month) as last_month
    from memberships
    group by 1, 2, 3

),

segments as (

    select
        summed.segmentation,
        summed.segment_id,
        case when summed.segment_number is not null
            and in_use.segment_id is null
            then {{ dbt.last_day('summed.last_month', 'month') }}
        end as valid_to_date
    from summed
    left join in_use
        on summed.segment_id = in_use.segment_id

)

select * from segments
