-- No month is missing, and all accepted orders are in them: also returns of
-- what nobody has bought here, which no segment's history has.
with orders as (

    select * from {{ ref('int_orders_accepted') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

shop_currency as (

    select * from {{ ref('int_shop_currency') }}

),

numbers as (

    {{ dbt.generate_series(1200) }}

),

ordered as (

    select
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        cast(sum(case when is_return then 0 else 1 end) as bigint) as orders,
        cast(count(distinct case when not is_return then customer_id end)
            as bigint) as customers,
        count(distinct customer_id) as people,
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

bounds as (

    select
        min(ordered.month) as first_month,
        max(greatest(ordered.month, as_of_dates.last_month)) as last_month,
        max(as_of_dates.last_month) as last_complete_month
    from ordered
    cross join as_of_dates

),

-- Every month from the first to the last, also without orders.
spined as (

    select
        cast({{ dbt.dateadd(
            'month', 'cast(numbers.generated_number - 1 as int)',
            'bounds.first_month'
        ) }} as date) as month,
        bounds.last_month,
        bounds.last_complete_month
    from bounds
    cross join numbers

),

published as (

    select
        spined.month,
        coalesce(ordered.orders, 0) as orders,
        coalesce(ordered.customers, 0) as customers,
        coalesce(started.new_customers, 0) as new_customers,
        cast(coalesce(ordered.revenue_amount, 0) as double) as revenue_amount,
        cast(coalesce(ordered.returned_amount, 0) as double)
            as returned_amount,
        {{ ratio('ordered.revenue_amount', 'ordered.orders') }}
            as average_order_amount,
        {{ ratio('ordered.revenue_amount', 'ordered.customers') }}
            as revenue_per_customer_amount,
        shop_currency.currency,
        spined.month <= spined.last_complete_month as is_complete,
        coalesce(nullif(ordered.customers, 0), ordered.people, 0)
        not between 1 and {{ var('smallest_cell') - 1 }} as is_shown
    from spined
    cross join shop_currency
    left join ordered
        on spined.month = ordered.month
    left join started
        on spined.month = started.month
    where spined.month <= spined.last_month

)

select * from published
