with orders as (

    select * from {{ ref('int_orders_accepted') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

ordered as (

    select
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        cast(sum(case when is_return then 0 else 1 end) as bigint) as orders,
        cast(count(distinct case when not is_return then customer_id end)
            as bigint) as customers,
        sum(amount) as revenue_amount,
        sum(returned_amount) as returned_amount
    from orders
    group by 1

),

started as (

    select
        cast({{ dbt.date_trunc('month', 'first_order_date') }} as date)
            as month,
        cast(count(*) as bigint) as new_customers
    from customers
    group by 1

),

published as (

    select
        ordered.month,
        ordered.orders,
        ordered.customers,
        coalesce(started.new_customers, 0) as new_customers,
        cast(ordered.revenue_amount as double) as revenue_amount,
        cast(ordered.returned_amount as double) as returned_amount,
        {{ ratio('ordered.revenue_amount', 'ordered.orders') }}
            as average_order_amount,
        {{ ratio('ordered.revenue_amount', 'ordered.customers') }}
            as revenue_per_customer_amount,
        ordered.month <= as_of_dates.last_month as is_complete,
        ordered.customers = 0
        or ordered.customers >= {{ var('smallest_cell') }} as is_shown
    from ordered
    cross join as_of_dates
    left join started
        on ordered.month = started.month

)

select * from published
