{# Counted from a Monday, for engines number their days in different ways. #}
{% macro weekday_number(date) -%}
    mod({{ dbt.datediff("cast('1900-01-01' as date)", date, 'day') }}, 7) + 1
{%- endmacro %}
