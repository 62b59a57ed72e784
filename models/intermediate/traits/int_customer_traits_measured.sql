-- Numbers of a customer in a month, from her orders up to its end.
with customer_days as (

    select * from {{ ref('int_customer_days_timed') }}

),

customer_days_summed as (

    select * from {{ ref('int_customer_days_summed') }}

),

customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

peaks as (

    select
        month,
        recent_days,
        {{ share('count(distinct case when is_peak then days_ago end)',
            'max(recent_days)') }} as peak_days_share
    from customer_days
    where is_of_recent_days
    group by month, recent_days

),

measured as (

    select
        summed.*,
        {% for name in [
            'first_third', 'last_third', 'feast', 'peak', 'busy', 'repeated',
            'month_turn', 'promotion'
        ] -%}
        {{ share('orders_' ~ name, 'orders_recent') }} as {{ name }}_share,
        {% endfor -%}
        {% for name in ['first_third_before', 'last_third_before'] -%}
        {{ share('orders_' ~ name, 'orders_before') }} as {{ name }}_share,
        {% endfor -%}
        {{ share('fortnight_orders', 'orders_recent') }} as fortnight_share,
        {{ share('six_weeks_orders', 'orders_recent') }} as six_weeks_share,
        {% for name in ['week', 'fortnight', 'month', 'half_month'] -%}
        cast(cos_{{ name }} * cos_{{ name }} + sin_{{ name }} * sin_{{ name }}
            as double)
        / nullif(summed.rhythm_orders * summed.rhythm_orders, 0)
            as squared_{{ name }},
        {% endfor -%}
        peaks.peak_days_share
    from customer_days_summed as summed
    inner join peaks
        on
            summed.month = peaks.month
            and summed.recent_days = peaks.recent_days

),

joined as (

    select
        measured.*,
        customer_months.length_days,
        customer_months.recency_days,
        customer_months.orders_12_months,
        customer_months.sessions_12_months,
        customer_months.revenue_12_months_amount,
        {{ ratio('customer_months.revenue_12_months_amount',
            'customer_months.orders_12_months') }} as order_amount,
        {{ ratio('customer_months.items_12_months',
            'customer_months.orders_12_months') }} as items_per_order,
        {{ ratio('customer_months.sessions_12_months',
            'customer_months.orders_12_months') }} as sessions_per_order,
        {{ share('customer_months.discount_12_months_amount',
            'customer_months.list_12_months_amount') }} as discount_share,
        {{ share(
            'customer_months.returned_12_months_amount',
            'greatest(customer_months.list_12_months_amount,'
            ~ ' customer_months.returned_12_months_amount)'
        ) }} as returned_share
    from measured
    inner join customer_months
        on
            measured.customer_id = customer_months.customer_id
            and measured.month = customer_months.month

),

ranked as (

    select
        *,
        {% for name, measure in {
            'orders': 'orders_12_months',
            'revenue': 'revenue_12_months_amount',
            'order_amount': 'order_amount',
            'items': 'items_per_order',
            'sessions': 'sessions_12_months',
            'order_sessions': 'sessions_per_order'
        }.items() -%}
        percent_rank() over (
            partition by month, recent_days order by coalesce({{ measure }}, 0)
        ) as {{ name }}_rank{{ ',' if not loop.last }}
        {% endfor %}
    from joined

)

select * from ranked
