with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

customer_days as (

    select * from {{ ref('int_customer_days_spent') }}

),

-- Orders in so many days up to the month's end.
recent as (

    select
        customer_months.customer_month_id,
        {% for days in windows_of('day') -%}
        sum(case when {{ dbt.datediff(
            'customer_days.order_date', 'customer_months.month_end_date', 'day'
        ) }} < {{ days }} then customer_days.orders else 0 end)
            as orders_{{ days }}_days{{ ',' if not loop.last }}
        {% endfor %}
    from customer_months
    inner join customer_days
        on
            customer_months.customer_id = customer_days.customer_id
            and customer_days.order_date <= customer_months.month_end_date
            and customer_days.order_date > {{ dbt.dateadd(
                'day', -(windows_of('day') | last),
                'customer_months.month_end_date'
            ) }}
    group by 1

),

-- Sums over the month and the ones before it.
windowed as (

    select
        customer_month_id,
        customer_id,
        month,
        month_end_date,
        length_days,
        recency_days,
        first_order_date
        {%- for months in windows_of('month') %},
        {%- for measure, column in {
            'orders_{}_months': 'frequency_orders',
            'sessions_{}_months': 'sessions',
            'revenue_{}_months_amount': 'monetary_amount',
            'items_{}_months': 'items',
            'list_{}_months_amount': 'list_amount',
            'discount_{}_months_amount': 'discount_amount',
            'returned_{}_months_amount': 'returned_amount'
        }.items() %}
        sum({{ column }}) over last_{{ months }}_months
            as {{ measure.format(months) }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- endfor %}
    from customer_months
    window
        {%- for months in windows_of('month') %}
        last_{{ months }}_months as (
            partition by customer_id order by month
            rows between {{ months - 1 }} preceding and current row
        ){{ ',' if not loop.last }}
        {%- endfor %}

),

joined as (

    select
        windowed.*,
        {% for days in windows_of('day') -%}
        coalesce(recent.orders_{{ days }}_days, 0) as orders_{{ days }}_days,
        {% endfor -%}
        cast({{ dbt.datediff(
            'windowed.first_order_date', 'windowed.month', 'month'
        ) }} + 1 as bigint) as months_of_history
    from windowed
    left join recent
        on windowed.customer_month_id = recent.customer_month_id

)

select * from joined
