with orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_unmatched_return

),

sessions as (

    select * from {{ ref('int_web_sessions_checked') }}
    where reason_code is null

),

ordered as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        sum(case when is_return then 0 else 1 end) as orders,
        sum(amount) as revenue_amount,
        sum(items) as items,
        sum(list_amount) as list_amount,
        sum(discount_amount) as discount_amount,
        sum(returned_amount) as returned_amount,
        0 as sessions,
        max(case when not is_return then order_date end) as last_order_date
    from orders
    group by 1, 2

),

visited as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'session_date') }} as date) as month,
        0 as orders,
        0 as revenue_amount,
        0 as items,
        0 as list_amount,
        0 as discount_amount,
        0 as returned_amount,
        count(*) as sessions,
        cast(null as date) as last_order_date
    from sessions
    group by 1, 2

),

unioned as (

    select * from ordered
    union all
    select * from visited

),

summed as (

    select
        customer_id,
        month,
        cast(sum(orders) as bigint) as orders,
        cast(sum(sessions) as bigint) as sessions,
        {{ exact_amount('sum(revenue_amount)') }} as revenue_amount,
        cast(sum(items) as double) as items,
        {{ exact_amount('sum(list_amount)') }} as list_amount,
        {{ exact_amount('sum(discount_amount)') }} as discount_amount,
        {{ exact_amount('sum(returned_amount)') }} as returned_amount,
        max(last_order_date) as last_order_date
    from unioned
    group by 1, 2

)

select * from summed
