{# Aggregates values into an array in the order of a key. #}
{% macro ordered_array(value, order_by) %}
    {{- return(adapter.dispatch('ordered_array')(value, order_by)) -}}
{% endmacro %}

{% macro default__ordered_array(value, order_by) -%}
    transform(
        array_sort(collect_list(struct({{ order_by }} as k, {{ value }} as v))),
        entry -> entry.v
    )
{%- endmacro %}

{% macro duckdb__ordered_array(value, order_by) -%}
    list({{ value }} order by {{ order_by }})
{%- endmacro %}
