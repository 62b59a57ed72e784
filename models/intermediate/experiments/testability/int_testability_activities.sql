-- What each customer did in the weeks, and in the year before them.
{% set amounts = ['revenue_amount', 'cost_amount'] -%}
{% set counts = ['orders', 'orders_without_cost', 'sessions'] -%}
{% set sides = {
    '': 'events.event_date > windows.month_end_date',
    'prior_': 'windows.month_end_date >= events.event_date'
} -%}

with events as (

    select * from {{ ref('int_experiment_events') }}
    where event <> 'contact'

),

windows as (

    select * from {{ ref('int_testability_windows') }}

),

activities as (

    select
        windows.weeks,
        events.customer_id,
        {% for side, condition in sides.items() -%}
        {% for amount in amounts -%}
        {{ exact_amount('sum(case when ' ~ condition ~ ' then events.' ~ amount
            ~ ' else 0 end)') }} as {{ side }}{{ amount }},
        {% endfor -%}
        {% for count in counts -%}
        cast(sum(case when {{ condition }} then events.{{ count }} else 0 end)
            as bigint) as {{ side }}{{ count }},
        {% endfor -%}
        {% endfor -%}
        cast(sum(case when events.event_date > {{ dbt.dateadd(
            'day', -28, 'windows.window_end_date'
        ) }} then events.orders else 0 end) as bigint) as last_orders
    from events
    cross join windows
    where
        events.event_date
        > {{ dbt.dateadd('day', -364, 'windows.month_end_date') }}
        and windows.window_end_date >= events.event_date
    group by 1, 2

)

select * from activities
