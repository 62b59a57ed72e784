-- Monthly LRFM holds every order and all revenue up to the last complete month,
-- but for returns of what nobody has bought here.
-- Summed as decimals: sums of millions of doubles differ by some cents.
with months as (

    select
        sum(frequency_orders) as orders,
        sum({{ exact_amount('monetary_amount') }}) as amount
    from {{ ref('fct_customer_months') }}

),

orders as (

    select
        sum(case when fct_orders.is_return then 0 else 1 end) as orders,
        sum({{ exact_amount('fct_orders.amount') }}) as amount
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('int_as_of_dates') }} as as_of_dates
        on fct_orders.order_date <= as_of_dates.last_month_end_date
    where not fct_orders.is_unmatched_return

)

select
    months.amount as months_amount,
    orders.amount as orders_amount
from months
cross join orders
where
    abs(months.amount - orders.amount) > 0
    or months.orders <> orders.orders
