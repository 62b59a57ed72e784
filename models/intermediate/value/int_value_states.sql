-- What is known of each customer at the month's end. Days are counted to it,
-- not to the last order; the first order is none of the repeats.
with months as (

    select * from {{ not_made_yet(ref('int_value_months')) }}

),

sums as (

    select * from {{ ref('int_value_months_summed') }}

),

running as (

    select
        customer_month_id,
        customer_id,
        month,
        observed_days,
        silence_days,
        sum(order_days) over known - 1 as repeat_orders,
        observed_days - silence_days as last_repeat_days,
        sum(gap_squares) over known as gap_squares,
        {{ exact_amount('sum(revenue_amount) over known') }}
            as revenue_amount,
        {{ exact_amount('sum(cost_amount) over known') }} as cost_amount,
        sum(orders_without_cost) over known as orders_without_cost,
        {% for months in [1, 3, 6, 12] -%}
        sum(order_days) over (
            partition by customer_id order by month
            rows between {{ months - 1 }} preceding and current row
        ) as order_days_{{ months }}_months,
        {% endfor -%}
        {{ exact_amount('sum(revenue_amount) over (
            partition by customer_id order by month
            rows between 11 preceding and current row
        )') }} as revenue_12_months_amount
    from sums
    window known as (
        partition by customer_id order by month
        rows between unbounded preceding and current row
    )

),

-- Places among the customers of the month, 0 to 1, ties midway.
ranked as (

    select
        running.*,
        months.month_end_date,
        months.origin_month,
        months.fingerprint,
        {% for rank, measure in {
            'recency_rank': '-running.silence_days',
            'frequency_rank': 'running.repeat_orders',
            'monetary_rank': 'running.revenue_amount'
        }.items() -%}
        round((
            {{ ratio(
                'rank() over (partition by running.month order by '
                ~ measure ~ ') - 1',
                'count(*) over (partition by running.month)'
            ) }}
            + cume_dist() over (
                partition by running.month order by {{ measure }}
            )
        ) / 2, 9) as {{ rank }}{{ ',' if not loop.last }}
        {% endfor %}
    from running
    inner join months
        on running.month = months.month

),

states as (

    select
        customer_month_id,
        customer_id,
        {% for column in [
            'repeat_orders', 'last_repeat_days', 'observed_days',
            'silence_days', 'gap_squares', 'order_days_1_months',
            'order_days_3_months', 'order_days_6_months',
            'order_days_12_months', 'orders_without_cost'
        ] -%}
        cast({{ column }} as bigint) as {{ column }},
        {% endfor -%}
        {% for column in
            ['revenue_amount', 'revenue_12_months_amount', 'cost_amount'] -%}
        cast({{ column }} as double) as {{ column }},
        {% endfor -%}
        recency_rank,
        frequency_rank,
        monetary_rank,
        fingerprint,
        cast(month as date) as month,
        month_end_date,
        origin_month
    from ranked

)

select * from states
