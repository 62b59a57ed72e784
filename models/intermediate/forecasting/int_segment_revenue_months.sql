-- The revenue history of today's members (cohort), and of the whole shop.
with orders as (

    select * from {{ ref('int_customer_months_measured') }}

),

members as (

    select * from {{ ref('int_segment_members') }}

),

segments as (

    select
        members.segmentation,
        members.segment_id,
        orders.month,
        cast(count(*) as bigint) as customers,
        cast(sum(orders.frequency_orders) as bigint) as orders,
        cast(sum(orders.monetary_amount) as double) as revenue_amount
    from members
    inner join orders
        on members.customer_id = orders.customer_id
    group by 1, 2, 3

),

shop as (

    select
        'total' as segmentation,
        'total' as segment_id,
        month,
        cast(count(*) as bigint) as customers,
        cast(sum(frequency_orders) as bigint) as orders,
        cast(sum(monetary_amount) as double) as revenue_amount
    from orders
    group by 3

),

unioned as (

    select * from segments
    union all
    select * from shop

)

select * from unioned
