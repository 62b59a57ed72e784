{% macro remove_pattern(text, pattern) %}
    {{- return(adapter.dispatch('remove_pattern')(text, pattern)) -}}
{% endmacro %}

{% macro default__remove_pattern(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '')
{%- endmacro %}

{% macro duckdb__remove_pattern(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}
