-- Sums of each month, of customers who were there: 0 where nothing was.
with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

order_days as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        count(*) as order_days,
        coalesce(sum(gap_days * gap_days), 0) as gap_squares
    from {{ ref('int_order_days_gapped') }}
    group by 1, 2

),

costs as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        {{ exact_amount('sum(coalesce(cost_amount, 0))') }} as cost_amount,
        sum(case when cost_amount is null then 1 else 0 end)
            as orders_without_cost
    from {{ ref('int_orders_accepted') }}
    where not is_return
    group by 1, 2

),

summed as (

    select
        customer_months.customer_month_id,
        customer_months.customer_id,
        cast(coalesce(order_days.order_days, 0) as bigint) as order_days,
        cast(coalesce(order_days.gap_squares, 0) as bigint) as gap_squares,
        customer_months.length_days as observed_days,
        customer_months.recency_days as silence_days,
        customer_months.monetary_amount as revenue_amount,
        {{ exact_amount('coalesce(costs.cost_amount, 0)') }} as cost_amount,
        cast(coalesce(costs.orders_without_cost, 0) as bigint)
            as orders_without_cost,
        customer_months.month
    from customer_months
    left join order_days
        on
            customer_months.customer_id = order_days.customer_id
            and customer_months.month = order_days.month
    left join costs
        on
            customer_months.customer_id = costs.customer_id
            and customer_months.month = costs.month

)

select * from summed
