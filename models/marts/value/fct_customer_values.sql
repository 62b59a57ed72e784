-- Every customer of every month has a row, one-time buyers too; a next order
-- date lies after the month.
with customer_values as (

    select * from {{ ref('int_customer_values_joined') }}

),

published as (

    select
        customer_month_id as customer_value_id,
        customer_id,
        recency_score,
        frequency_score,
        monetary_score,
        cast(
            100 * recency_score + 10 * frequency_score + monetary_score
            as string
        ) as rfm_code,
        cast(model as string) as model,
        cast(value_model as string) as value_model,
        clock_state,
        cast(unscored_reason as string) as unscored_reason,
        {% for number in [
            'order_90d_probability', 'order_12m_probability',
            'expected_orders_12m', 'expected_order_amount', 'value_12m_amount',
            'value_12m_if_active_amount', 'lower_80_value_12m_amount',
            'upper_80_value_12m_amount', 'margin_12m_amount',
            'historic_amount', 'usual_gap_days', 'silence_percentile'
        ] -%}
        cast(round({{ number }}, 6) as double) as {{ number }},
        {% endfor -%}
        cast(silence_days as bigint) as silence_days,
        cast({{ var('value_discount_share') }} as double) as discount_share,
        unscored_reason is null as is_scored,
        historic_amount < 0 as is_net_negative,
        next_order_date,
        next_order_from_date,
        next_order_until_date,
        month
    from customer_values

)

select * from published
