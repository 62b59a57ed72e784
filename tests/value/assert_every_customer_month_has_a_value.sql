-- Customers of membership months without a value row, one-time buyers among
-- them, or with two; and history that is not what was spent.
with customer_months as (

    select
        customer_month_id,
        customer_id,
        month
    from {{ ref('int_customer_months_measured') }}

),

months as (

    select * from {{ ref('int_membership_months') }}

),

customer_values as (

    select * from {{ ref('fct_customer_values') }}

),

missing as (

    select customer_months.customer_month_id
    from customer_months
    inner join months
        on customer_months.month = months.month
    left join customer_values
        on customer_months.customer_month_id = customer_values.customer_value_id
    where customer_values.customer_value_id is null

),

latest as (

    select max(month) as month
    from customer_values

),

told as (

    select sum(customer_values.historic_amount) as amount
    from customer_values
    inner join latest
        on customer_values.month = latest.month

),

spent as (

    select sum(cast(spend_amount as double)) as amount
    from {{ ref('int_customer_days_spent') }}

),

failures as (

    select customer_month_id as what from missing
    union all
    select 'history' as what
    from told
    inner join spent
        on abs(told.amount - spent.amount) > 0.01

)

select * from failures
