-- What was said of customers, beside what came, as far as it is known; who is
-- redrawn together is one of 256 parts, by a hash. No chance is below a
-- millionth.
{% set directions = ['better', 'same', 'worse'] -%}
with said as (

    select
        trends.segmentation,
        outcomes.horizon_months,
        substring({{ dbt.hash('trends.customer_id') }}, 1, 2) as customer_part,
        {% for side in ['segment', 'own'] -%}
        case outcomes.direction
            {% for direction in directions -%}
            when '{{ direction }}' then chances.{{ side }}_{{ direction }}
            {% endfor -%}
        end as {{ side }}_said,
        {% for direction in directions -%}
        power(chances.{{ side }}_{{ direction }} - case
            when outcomes.direction = '{{ direction }}' then 1 else 0
        end, 2) {{ '+' if not loop.last }}
        {% endfor -%}
        as {{ side }}_square,
        {% endfor -%}
        chances.own_worse,
        case when outcomes.direction = 'worse' then 1 else 0 end as is_worse,
        trends.month
    from {{ ref('int_move_trends') }} as trends
    inner join {{ ref('int_move_outcomes') }} as outcomes
        on trends.customer_segment_id = outcomes.customer_segment_id
    inner join {{ ref('int_move_chances') }} as chances
        on trends.segment_id = chances.segment_id
        and trends.own_trend = chances.own_trend
        and trends.month = chances.month
        and outcomes.horizon_months = chances.horizon_months
    where outcomes.direction is not null and chances.months_known >= 3

),

losses as (

    select
        segmentation,
        cast(horizon_months as bigint) as horizon_months,
        customer_part,
        count(*) as customers,
        {% for side in ['segment', 'own'] -%}
        {% set logs = '-ln(greatest(' ~ side ~ '_said, 0.000001))' -%}
        cast(sum({{ exact_amount(logs, 9) }}) as double)
            as {{ side }}_log_loss,
        cast(sum({{ exact_amount(side ~ '_square', 9) }}) as double)
            as {{ side }}_square_loss,
        {% endfor -%}
        cast(sum({{ exact_amount('own_worse', 9) }}) as double)
            as said_worse_customers,
        cast(sum(is_worse) as bigint) as came_worse_customers,
        month
    from said
    group by segmentation, horizon_months, customer_part, month

)

select * from losses
