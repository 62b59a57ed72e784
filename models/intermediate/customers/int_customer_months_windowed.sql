with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

customer_days as (

    select * from {{ ref('int_customer_days_spent') }}

),

recent as (

    select
        customer_months.customer_month_id,
        sum(customer_days.orders) as orders_90_days
    from customer_months
    inner join customer_days
        on
            customer_months.customer_id = customer_days.customer_id
            and customer_days.order_date <= customer_months.month_end_date
            and customer_days.order_date > {{ dbt.dateadd(
                'day', -90, 'customer_months.month_end_date'
            ) }}
    group by 1

),

-- Sums over the month and the eleven before it.
windowed as (

    select
        customer_month_id,
        customer_id,
        month,
        month_end_date,
        length_days,
        recency_days,
        first_order_date,
        sum(frequency_orders) over trailing_year as orders_12_months,
        sum(sessions) over trailing_year as sessions_12_months,
        sum(monetary_amount) over trailing_year as revenue_12_months_amount,
        sum(items) over trailing_year as items_12_months,
        sum(list_amount) over trailing_year as list_12_months_amount,
        sum(discount_amount) over trailing_year as discount_12_months_amount,
        sum(returned_amount) over trailing_year as returned_12_months_amount
    from customer_months
    window trailing_year as (
        partition by customer_id order by month
        rows between 11 preceding and current row
    )

),

joined as (

    select
        windowed.*,
        coalesce(recent.orders_90_days, 0) as orders_90_days,
        cast({{ dbt.datediff(
            'windowed.first_order_date', 'windowed.month', 'month'
        ) }} + 1 as bigint) as months_of_history
    from windowed
    left join recent
        on windowed.customer_month_id = recent.customer_month_id

)

select * from joined
