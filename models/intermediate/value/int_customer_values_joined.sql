-- What was scored, beside what it was scored from; a row scored before its
-- month changed is not taken.
with states as (

    select * from {{ ref('int_value_states') }}

),

scored as (

    select * from {{ ref('int_customer_values_scored') }}

),

joined as (

    select
        states.customer_month_id,
        states.customer_id,
        {% for score, rank in {
            'recency_score': 'recency_rank',
            'frequency_score': 'frequency_rank',
            'monetary_score': 'monetary_rank'
        }.items() -%}
        cast(least(1 + floor(5 * states.{{ rank }}), 5) as bigint)
            as {{ score }},
        {% endfor -%}
        scored.model,
        scored.value_model,
        scored.clock_state,
        scored.unscored_reason,
        scored.order_90d_probability,
        scored.order_12m_probability,
        scored.expected_orders_12m,
        {{ ratio('scored.value_12m_amount', 'scored.expected_orders_12m') }}
            as expected_order_amount,
        scored.value_12m_amount,
        scored.value_12m_if_active_amount,
        scored.lower_80_value_12m_amount,
        scored.upper_80_value_12m_amount,
        case when states.orders_without_cost = 0 and states.revenue_amount > 0
            then scored.value_12m_amount * (1 - {{ ratio(
                'states.cost_amount', 'states.revenue_amount'
            ) }})
        end as margin_12m_amount,
        states.revenue_amount as historic_amount,
        scored.usual_gap_days,
        scored.silence_percentile,
        states.silence_days,
        {% for name in ['next', 'next_from', 'next_until'] -%}
        cast({{ dbt.dateadd(
            'day', 'cast(scored.' ~ name ~ '_days as int)',
            'states.month_end_date'
        ) }} as date) as {{ name | replace('next', 'next_order') }}_date,
        {% endfor -%}
        states.month
    from states
    inner join scored
        on
            states.customer_id = scored.customer_id
            and states.month = scored.month
            and states.fingerprint = scored.fingerprint

)

select * from joined
