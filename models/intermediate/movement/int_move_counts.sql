-- Customers of a kind, and where those came to be of whom it is known.
with counted as (

    select
        trends.segmentation,
        trends.segment_id,
        trends.trend,
        trends.own_trend,
        outcomes.horizon_months,
        {% for direction in ['better', 'same', 'worse'] -%}
        cast(sum(case
            when outcomes.direction = '{{ direction }}' then 1 else 0
        end) as bigint) as {{ direction }}_customers,
        {% endfor -%}
        count(outcomes.direction) as known_customers,
        months.months_back,
        trends.month
    from {{ ref('int_move_trends') }} as trends
    inner join {{ ref('int_move_outcomes') }} as outcomes
        on trends.customer_segment_id = outcomes.customer_segment_id
    inner join {{ ref('int_membership_months') }} as months
        on trends.month = months.month
    group by
        trends.segmentation, trends.segment_id, trends.trend, trends.own_trend,
        outcomes.horizon_months, months.months_back, trends.month

),

keyed as (

    select
        {{ surrogate_key([
            'segment_id', 'month', 'own_trend', 'horizon_months'
        ]) }} as move_count_id,
        counted.*
    from counted

)

select * from keyed
