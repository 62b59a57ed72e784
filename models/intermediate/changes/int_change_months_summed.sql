-- Sums of each month: her days with orders, the gaps that ended in it, and the
-- logarithms of what she spent, in which a giant order counts as one.
with customer_months as (

    select * from {{ ref('int_value_months_summed') }}

),

days_bought as (

    select * from {{ ref('int_customer_lines_bought') }}

),

order_days as (

    select
        gapped.customer_id,
        gapped.gap_days,
        case when customer_days.spend_amount > 0 then {{ exact_amount(
            'ln(cast(customer_days.spend_amount as double))', 6
        ) }} end as log_amount,
        cast({{ dbt.date_trunc('month', 'gapped.order_date') }} as date)
            as month
    from {{ ref('int_order_days_gapped') }} as gapped
    inner join {{ ref('int_customer_days_spent') }} as customer_days
        on gapped.customer_day_id = customer_days.customer_day_id

),

amounts as (

    select
        customer_id,
        month,
        count(gap_days) as gaps,
        coalesce(sum(gap_days), 0) as gap_days,
        count(log_amount) as spent_days,
        sum(log_amount) as logs,
        sum({{ exact_amount('log_amount * log_amount', 6) }}) as log_squares,
        min(log_amount) as least_log,
        max(log_amount) as largest_log
    from order_days
    group by 1, 2

),

summed as (

    select
        customer_months.customer_month_id,
        customer_months.customer_id,
        customer_months.order_days,
        customer_months.gap_squares,
        customer_months.observed_days,
        customer_months.silence_days,
        {% for column in ['gaps', 'gap_days', 'spent_days'] -%}
        cast(coalesce(amounts.{{ column }}, 0) as bigint) as {{ column }},
        {% endfor -%}
        {% for column in ['logs', 'log_squares'] -%}
        coalesce(amounts.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        amounts.least_log,
        amounts.largest_log,
        {% for number in range(1, 9) -%}
        cast(coalesce(days_bought.days_{{ number }}, 0) as bigint)
            as days_{{ number }},
        {% endfor -%}
        customer_months.month
    from customer_months
    left join amounts
        on
            customer_months.customer_id = amounts.customer_id
            and customer_months.month = amounts.month
    left join days_bought
        on
            customer_months.customer_id = days_bought.customer_id
            and customer_months.month = days_bought.month

)

select * from summed
