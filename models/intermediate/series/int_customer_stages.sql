with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

known as (

    select customer_months.*
    from customer_months
    inner join membership_months
        on customer_months.month = membership_months.month

),

unioned as (

    {% for name, settings in series_settings().items() -%}
    select
        '{{ name }}' as series,
        customer_id,
        month,
        {{ path_stage(settings) }} as stage,
        {{ path_orders(settings) }} as orders_in_window,
        {{ orders_needed(settings) }} as orders_needed
    from known
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

staged as (

    select
        {{ surrogate_key(['series', 'customer_id', 'month']) }}
            as customer_stage_id,
        series,
        customer_id,
        stage,
        cast(orders_in_window as bigint) as orders_in_window,
        cast(orders_needed as bigint) as orders_needed,
        month
    from unioned

)

select * from staged
