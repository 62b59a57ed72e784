{% macro array_element(array, position) %}
    {{- return(adapter.dispatch('array_element')(array, position)) -}}
{% endmacro %}

{% macro default__array_element(array, position) -%}
    element_at({{ array }}, cast({{ position }} as int))
{%- endmacro %}

{% macro duckdb__array_element(array, position) -%}
    {{ array }}[{{ position }}]
{%- endmacro %}
