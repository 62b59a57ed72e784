with orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_return

),

bounds as (

    select
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from orders

),

decided as (

    select
        first_order_date,
        {{ as_of_day('last_order_date') }} as as_of_date
    from bounds
    where first_order_date is not null

),

-- The last month that has ended by then.
completed as (

    select
        1 as as_of_date_id,
        first_order_date,
        as_of_date,
        cast({{ dbt.date_trunc('month', 'first_order_date') }} as date)
            as first_month,
        {{ last_ended_month('as_of_date') }} as last_month,
        cast({{ dbt.dateadd(
            'day', -1, dbt.date_trunc(
                'month', dbt.dateadd('day', 1, 'as_of_date')
            )
        ) }} as date) as last_month_end_date
    from decided

)

select * from completed
