-- Customers of the month before, more who came, less who went: the customers of
-- the month, for each segment.
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

counted as (

    select
        segmentation,
        segment_id,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as month,
        customers
    from profiles
    union all
    select
        segmentation,
        to_segment_id as segment_id,
        month,
        customers
    from migrations
    where cause <> 'stayed'
    union all
    select
        segmentation,
        from_segment_id as segment_id,
        month,
        -customers as customers
    from migrations
    where cause <> 'stayed' and from_segment_id is not null
    union all
    select
        segmentation,
        segment_id,
        month,
        -customers as customers
    from profiles

)

select
    counted.segment_id,
    counted.month
from counted
inner join months
    on
        counted.segmentation = months.segmentation
        and counted.month = months.month
group by 1, 2
having sum(counted.customers) <> 0
