-- Months hold every order and all revenue up to the last complete one, but for
-- returns of what nobody has bought here.
with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

published as (

    select
        customer_month_id,
        customer_id,
        length_days,
        recency_days,
        frequency_orders,
        cast(monetary_amount as double) as monetary_amount,
        month
    from customer_months

)

select * from published
