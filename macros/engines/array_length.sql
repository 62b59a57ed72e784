{% macro array_length(array) %}
    {{- return(adapter.dispatch('array_length')(array)) -}}
{% endmacro %}

{% macro default__array_length(array) -%}
    size({{ array }})
{%- endmacro %}

{% macro duckdb__array_length(array) -%}
    len({{ array }})
{%- endmacro %}
