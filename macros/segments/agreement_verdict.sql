{% macro agreement_verdict(low, high, threshold) -%}
    case
        when {{ low }} >= {{ threshold }} then 'stable'
        when {{ high }} < {{ threshold }} then 'moving'
        when {{ low }} is not null then 'unclear'
    end
{%- endmacro %}


{% macro stay_share_asked(chance) -%}
    greatest(
        {{ var('stable_stay_share') }},
        {{ chance }} + {{ var('stable_stay_beyond_chance') }} * (1 - {{ chance }})
    )
{%- endmacro %}
