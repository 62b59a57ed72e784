-- Orders of one day are one; days of returns alone are none.
with customer_days as (

    select * from {{ ref('int_customer_days_spent') }}
    where orders > 0

),

gapped as (

    select
        customer_day_id,
        customer_id,
        cast(row_number() over (
            partition by customer_id order by order_date
        ) as bigint) as order_day_number,
        cast({{ dbt.datediff(
            'lag(order_date) over (
            partition by customer_id order by order_date
        )', 'order_date', 'day'
        ) }} as bigint) as gap_days,
        order_date
    from customer_days

)

select * from gapped
