with orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_unmatched_return

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

spent as (

    select
        {{ surrogate_key(['orders.customer_id', 'orders.order_date']) }}
            as customer_day_id,
        orders.customer_id,
        cast(sum(case when orders.is_return then 0 else 1 end) as bigint)
            as orders,
        {{ exact_amount('sum(orders.amount)') }} as spend_amount,
        orders.order_date
    from orders
    inner join as_of_dates
        on orders.order_date <= as_of_dates.last_month_end_date
    group by orders.customer_id, orders.order_date

)

select * from spent
