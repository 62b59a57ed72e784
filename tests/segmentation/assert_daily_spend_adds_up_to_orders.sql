-- Daily spend up to the last complete month is the orders' revenue, but for
-- returns of what nobody has bought here. Summed as decimals: sums of millions
-- of doubles differ by some cents.
with days as (

    select sum({{ exact_amount('spend_amount') }}) as amount
    from {{ ref('fct_customer_days') }}

),

orders as (

    select sum({{ exact_amount('fct_orders.amount') }}) as amount
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('int_as_of_dates') }} as as_of_dates
        on fct_orders.order_date <= as_of_dates.last_month_end_date
    where not fct_orders.is_unmatched_return

)

select
    days.amount as days_amount,
    orders.amount as orders_amount
from days
cross join orders
where
    abs(days.amount - orders.amount) > 0
    or (days.amount is null) <> (orders.amount is null)
