{# What an interval says about a threshold: stable above it, moving below it,
   unclear across it, null where there is no interval. #}
{% macro agreement_verdict(low, high, threshold) -%}
    case
        when {{ low }} >= {{ threshold }} then 'stable'
        when {{ high }} < {{ threshold }} then 'moving'
        when {{ low }} is not null then 'unclear'
    end
{%- endmacro %}
