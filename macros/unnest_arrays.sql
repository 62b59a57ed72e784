{# Rows out of a table's array columns, which have equal lengths: `position`
   counts from 1, each array gives one column of its name. A missing first array
   gives no rows, a missing other one nulls. `columns` are carried along. #}
{% macro unnest_arrays(relation, columns, arrays) %}
    {{- return(adapter.dispatch('unnest_arrays')(relation, columns, arrays)) -}}
{% endmacro %}

{% macro default__unnest_arrays(relation, columns, arrays) -%}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        entries.position + 1 as position,
        entries.entry as {{ arrays[0] }}
        {%- for array in arrays[1:] %},
        {{ array_element(array, 'entries.position + 1') }} as {{ array }}
        {%- endfor %}
    from {{ relation }}
    lateral view posexplode({{ arrays[0] }}) entries as position, entry
{%- endmacro %}

{% macro duckdb__unnest_arrays(relation, columns, arrays) -%}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        generate_subscripts({{ arrays[0] }}, 1) as position,
        {%- for array in arrays %}
        unnest({{ array }}) as {{ array }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
{%- endmacro %}
