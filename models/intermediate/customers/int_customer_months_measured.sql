with orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_return

),

months as (

    select * from {{ ref('int_months') }}

),

customer_months_summed as (

    select * from {{ ref('int_customer_months_summed') }}

),

customers as (

    select
        customer_id,
        min(order_date) as first_order_date
    from orders
    group by 1

),

-- Months before the first order do not exist: they are never zeros.
spined as (

    select
        customers.customer_id,
        customers.first_order_date,
        months.month,
        months.month_end_date
    from customers
    inner join months
        on customers.first_order_date <= months.month_end_date

),

joined as (

    select
        spined.*,
        coalesce(customer_months_summed.orders, 0) as orders,
        coalesce(customer_months_summed.sessions, 0) as sessions,
        coalesce(customer_months_summed.revenue_amount, 0) as revenue_amount,
        coalesce(customer_months_summed.items, 0) as items,
        coalesce(customer_months_summed.list_amount, 0) as list_amount,
        coalesce(customer_months_summed.discount_amount, 0) as discount_amount,
        coalesce(customer_months_summed.returned_amount, 0) as returned_amount,
        max(customer_months_summed.last_order_date) over (
            partition by spined.customer_id order by spined.month
            rows between unbounded preceding and current row
        ) as last_order_date
    from spined
    left join customer_months_summed
        on
            spined.customer_id = customer_months_summed.customer_id
            and spined.month = customer_months_summed.month

),

measured as (

    select
        {{ surrogate_key(['customer_id', 'month']) }} as customer_month_id,
        customer_id,
        orders as frequency_orders,
        sessions,
        cast({{ dbt.datediff('first_order_date', 'month_end_date', 'day') }}
            as bigint) as length_days,
        cast({{ dbt.datediff('last_order_date', 'month_end_date', 'day') }}
            as bigint) as recency_days,
        revenue_amount as monetary_amount,
        items,
        list_amount,
        discount_amount,
        returned_amount,
        cast(month as date) as month,
        month_end_date,
        first_order_date,
        last_order_date
    from joined

)

select * from measured
