-- Ranked by what is lost if she goes: what she is worth while active, times the
-- chance that she does not come; her value as it is has that chance in it once.
with customer_values as (

    select
        *,
        max(month) over () as latest_month
    from {{ ref('fct_customer_values') }}
    where is_scored

),

measured as (

    select
        customer_value_id,
        customer_id,
        clock_state,
        order_90d_probability,
        1 - order_90d_probability as loss_90d_probability,
        value_12m_if_active_amount * (1 - order_90d_probability)
            as value_at_risk_amount,
        value_12m_if_active_amount,
        {{ ratio('margin_12m_amount', 'value_12m_amount') }} as margin_ratio,
        usual_gap_days,
        silence_days,
        month,
        latest_month
    from customer_values

),

ranked as (

    select
        *,
        clock_state in ('late', 'silent') as is_at_risk,
        cast(row_number() over (
            partition by month order by value_at_risk_amount desc, customer_id
        ) as bigint) as risk_rank
    from measured

),

-- Beside the month before, and since when she has been late or silent.
followed as (

    select
        *,
        {% for column in
            ['clock_state', 'risk_rank', 'value_at_risk_amount'] -%}
        case
            when lag(month) over by_month
                = {{ dbt.dateadd('month', -1, 'month') }}
                then lag({{ column }}) over by_month
        end as previous_{{ column }},
        {% endfor -%}
        max(case when not is_at_risk then month end) over by_month
            as last_safe_month,
        min(case when is_at_risk then month end) over by_month
            as first_risk_month
    from ranked
    window by_month as (partition by customer_id order by month)

),

dated as (

    select
        followed.*,
        case when followed.is_at_risk then coalesce(
            cast({{ dbt.dateadd(
                'month', 1, 'followed.last_safe_month'
            ) }} as date),
            followed.first_risk_month
        ) end as at_risk_since_month
    from followed
    where month = latest_month

),

published as (

    select
        customer_value_id as value_at_risk_id,
        customer_id,
        cast(clock_state as string) as clock_state,
        cast(previous_clock_state as string) as previous_clock_state,
        {{ dbt.concat([
            "'Silent for '", rounded_text('silence_days'),
            "' days, usually '", rounded_text('usual_gap_days'),
            "' between orders; orders within 90 days with a chance of '",
            rounded_text('100 * order_90d_probability'),
            "' %; worth '", rounded_text('value_12m_if_active_amount'),
            "' in twelve months if she stays.'"
        ]) }} as why,
        risk_rank,
        previous_risk_rank,
        {% for number in [
            'value_12m_if_active_amount', 'loss_90d_probability',
            'value_at_risk_amount', 'previous_value_at_risk_amount',
            'usual_gap_days'
        ] -%}
        cast(round({{ number }}, 6) as double) as {{ number }},
        {% endfor -%}
        cast(round(greatest(
            value_at_risk_amount * coalesce(margin_ratio, 1), 0
        ), 6) as double) as break_even_discount_amount,
        margin_ratio is not null as is_of_margin,
        silence_days,
        month,
        cast(at_risk_since_month as date) as at_risk_since_month
    from dated

)

select * from published
