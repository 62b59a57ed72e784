-- The three chances of a customer add up to 1, and are her segment's where her
-- own trend was no better at earlier months.
with trends as (

    select * from {{ ref('int_move_trends') }}

),

months as (

    select * from {{ ref('int_membership_months') }}
    where months_back = 0

),

chances as (

    select * from {{ ref('int_move_chances') }}

),

records as (

    select * from {{ ref('int_move_records') }}

),

chosen as (

    select
        trends.*,
        personas.persona,
        chances.horizon_months,
        chances.own_customers,
        coalesce(records.model, 'segment row') as model,
        coalesce(records.is_published, false) as is_published,
        {% for direction in ['better', 'same', 'worse'] -%}
        case
            when records.is_published then chances.own_{{ direction }}
            else chances.segment_{{ direction }}
        end as {{ direction }}_probability,
        chances.segment_{{ direction }} as segment_{{ direction }}_probability
        {{- ',' if not loop.last }}
        {% endfor %}
    from trends
    inner join months
        on trends.month = months.month
    inner join chances
        on
            trends.segment_id = chances.segment_id
            and trends.own_trend = chances.own_trend
            and trends.month = chances.month
    inner join {{ ref('int_segment_personas') }} as personas
        on
            trends.segment_id = personas.segment_id
            and trends.month = personas.month
    left join records
        on
            chances.segmentation = records.segmentation
            and chances.horizon_months = records.horizon_months

),

worded as (

    select
        *,
        {% for side in ['', 'segment_'] -%}
        {% for direction in ['better', 'worse'] -%}
        {% set chance = side ~ direction ~ '_probability' -%}
        case
            when {{ chance }} > 0 and {{ chance }} < 0.005 then 'under 1'
            when {{ chance }} > 0.995 and {{ chance }} < 1 then 'over 99'
            else {{ rounded_text('100 * ' ~ chance) }}
        end as {{ side }}{{ direction }}_text,
        {% endfor -%}
        {% endfor -%}
        case horizon_months
            when 1 then '1 month' else '3 months'
        end as horizon_text
    from chosen

),

published as (

    select
        {{ surrogate_key(['customer_segment_id', 'horizon_months']) }}
            as move_probability_id,
        segmentation,
        customer_id,
        segment_id,
        persona,
        model,
        own_trend,
        {{ dbt.concat([
            'worse_text', "' % to be in a lower segment than '", 'persona',
            "' in '", 'horizon_text', "', '", 'better_text',
            "' % in a higher one; of her whole segment '",
            'segment_worse_text', "' % and '", 'segment_better_text', "' %.'"
        ]) }} as why,
        cast(horizon_months as bigint) as horizon_months,
        own_customers,
        {% for side in ['', 'segment_'] -%}
        {% for direction in ['better', 'same', 'worse'] -%}
        cast(round({{ side }}{{ direction }}_probability, 9) as double)
            as {{ side }}{{ direction }}_probability,
        {% endfor -%}
        {% endfor -%}
        is_published,
        month
    from worded

)

select * from published
