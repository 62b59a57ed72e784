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

-- A month counts as complete when the last order is on or after the 28th.
decided as (

    select
        first_order_date,
        {% if var('as_of_date') -%}
        cast('{{ var("as_of_date") }}' as date)
        {%- else -%}
        case
            when
                extract(day from last_order_date)
                >= {{ var('complete_month_day') }}
                then {{ dbt.last_day('last_order_date', 'month') }}
            else cast({{ dbt.dateadd(
                'day', -1, dbt.date_trunc('month', 'last_order_date')
            ) }} as date)
        end
        {%- endif %} as as_of_date
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
        cast({{ dbt.dateadd(
            'month', -1, dbt.date_trunc(
                'month', dbt.dateadd('day', 1, 'as_of_date')
            )
        ) }} as date) as last_month,
        cast({{ dbt.dateadd(
            'day', -1, dbt.date_trunc(
                'month', dbt.dateadd('day', 1, 'as_of_date')
            )
        ) }} as date) as last_month_end_date
    from decided

)

select * from completed
