-- Revenue after of all paths into a segment is the segment's in the month;
-- revenue before of all paths out of it is that of the month before.
with migrations as (

    select * from {{ ref('fct_segment_migrations') }}

),

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

months as (

    select distinct
        segmentation,
        month
    from migrations

),

summed as (

    select
        'after' as side,
        segmentation,
        to_segment_id as segment_id,
        month,
        revenue_after_amount as amount
    from migrations
    union all
    select
        'after' as side,
        segmentation,
        segment_id,
        month,
        -revenue_amount as amount
    from profiles
    union all
    select
        'before' as side,
        segmentation,
        from_segment_id as segment_id,
        month,
        revenue_before_amount as amount
    from migrations
    union all
    select
        'before' as side,
        segmentation,
        segment_id,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as month,
        -revenue_amount as amount
    from profiles

)

select
    summed.side,
    summed.segment_id,
    summed.month
from summed
inner join months
    on
        summed.segmentation = months.segmentation
        and summed.month = months.month
group by 1, 2, 3
having abs(sum(summed.amount)) > 0.005
