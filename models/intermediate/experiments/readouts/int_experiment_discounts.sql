-- Where the shop's discounts of the last twelve months went, beside where its
-- revenue came from: by the segment of the month before an order.
with memberships as (

    select
        segmentation,
        segment_id,
        customer_id,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as month
    from {{ ref('int_segment_memberships') }}

),

months as (

    select * from {{ ref('int_months') }}
    where months_back < 12

),

ordered as (

    select
        orders.customer_id,
        months.month,
        sum(orders.discount_amount) as discount_amount,
        sum(orders.amount) as revenue_amount
    from {{ ref('int_orders_accepted') }} as orders
    inner join months
        on cast({{ dbt.date_trunc('month', 'orders.order_date') }} as date)
        = months.month
    where not orders.is_return
    group by 1, 2

),

segment_sums as (

    select
        memberships.segmentation,
        memberships.segment_id,
        sum(ordered.discount_amount) as discount_amount,
        sum(ordered.revenue_amount) as revenue_amount
    from ordered
    inner join memberships
        on
            ordered.customer_id = memberships.customer_id
            and ordered.month = memberships.month
    group by 1, 2

),

totals as (

    select
        sum(discount_amount) as discount_amount,
        sum(revenue_amount) as revenue_amount
    from ordered

),

discounts as (

    select
        segment_sums.segmentation,
        segment_sums.segment_id,
        {{ share('segment_sums.discount_amount', 'totals.discount_amount') }}
            as discount_share,
        {{ share('segment_sums.revenue_amount', 'totals.revenue_amount') }}
            as revenue_share
    from segment_sums
    cross join totals

)

select * from discounts
