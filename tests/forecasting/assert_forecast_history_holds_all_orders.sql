-- By either definition, the history of the whole shop is what it sold, month
-- by month, but for returns of what nobody has bought here.
with revenue_months as (

    select * from {{ ref('fct_segment_revenue_months') }}
    where segmentation = 'total'

),

definitions as (

    select distinct definition from revenue_months

),

shop_months as (

    select
        cast({{ dbt.date_trunc('month', 'orders.order_date') }} as date)
            as month,
        sum(case when orders.is_return then 0 else 1 end) as orders,
        sum({{ exact_amount('orders.amount') }}) as amount
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('int_as_of_dates') }} as as_of_dates
        on orders.order_date <= as_of_dates.last_month_end_date
    where not orders.is_unmatched_return
    group by 1

),

expected as (

    select
        definitions.definition,
        shop_months.*
    from shop_months
    cross join definitions

),

failures as (

    select
        expected.*,
        revenue_months.revenue_amount
    from expected
    left join revenue_months
        on
            expected.definition = revenue_months.definition
            and expected.month = revenue_months.month
    where
        revenue_months.month is null
        or expected.orders <> revenue_months.orders
        or abs(expected.amount - revenue_months.revenue_amount) > 0.005

)

select * from failures
