-- Each cause has the customers that the moves give it, and all causes together
-- those of the shop.
with migrations as (

    select * from {{ ref('fct_segment_migrations') }}

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
        month,
        cause,
        customers
    from migrations
    union all
    select
        segmentation,
        month,
        cause,
        -1 as customers
    from {{ ref('int_segment_moves') }}
    union all
    select
        segmentation,
        month,
        'all' as cause,
        customers
    from migrations
    union all
    select
        segmentation,
        month,
        'all' as cause,
        -customers as customers
    from {{ ref('fct_segment_profiles') }}

)

select
    counted.segmentation,
    counted.month,
    counted.cause
from counted
inner join months
    on
        counted.segmentation = months.segmentation
        and counted.month = months.month
group by 1, 2, 3
having sum(counted.customers) <> 0
