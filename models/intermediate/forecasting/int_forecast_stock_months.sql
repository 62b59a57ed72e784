-- Revenue of whoever was in the segment in each month (stock).
with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

segments as (

    select
        memberships.segmentation,
        memberships.segment_id,
        coalesce(memberships.model_version, 'none') as model_version,
        customer_months.frequency_orders,
        customer_months.monetary_amount,
        memberships.month
    from memberships
    inner join customer_months
        on
            memberships.customer_id = customer_months.customer_id
            and memberships.month = customer_months.month

),

shop as (

    select
        'total' as segmentation,
        'total' as segment_id,
        'none' as model_version,
        frequency_orders,
        monetary_amount,
        month
    from customer_months

),

unioned as (

    select * from segments
    union all
    select * from shop

),

stock_months as (

    select
        segmentation,
        segment_id,
        model_version,
        cast(count(*) as bigint) as customers,
        cast(sum(frequency_orders) as bigint) as orders,
        cast(sum(monetary_amount) as double) as revenue_amount,
        month
    from unioned
    group by 1, 2, 3, 7

)

select * from stock_months
