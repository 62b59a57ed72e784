with customer_days as (

    select * from {{ ref('int_customer_days_spent') }}
    where orders > 0

),

shop_days as (

    select
        cast(count(*) as bigint) as order_days,
        cast({{ dbt.datediff(
            'lag(order_date) over (order by order_date)', 'order_date', 'day'
        ) }} as bigint) as silent_days,
        order_date
    from customer_days
    group by order_date

)

select * from shop_days
