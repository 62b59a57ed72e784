-- Days up to the last complete month add up to the orders, but for returns of
-- what nobody has bought here.
with customer_days as (

    select * from {{ ref('int_customer_days_spent') }}

),

published as (

    select
        customer_day_id,
        customer_id,
        orders,
        cast(spend_amount as double) as spend_amount,
        order_date
    from customer_days

)

select * from published
