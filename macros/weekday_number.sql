{# The day of the week: Monday is 1, Sunday is 7, on every engine. #}
{% macro weekday_number(date) %}
    {{- return(adapter.dispatch('weekday_number')(date)) -}}
{% endmacro %}

{% macro default__weekday_number(date) -%}
    weekday({{ date }}) + 1
{%- endmacro %}

{% macro duckdb__weekday_number(date) -%}
    isodow({{ date }})
{%- endmacro %}
