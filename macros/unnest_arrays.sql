{# Rows out of a table's array columns, which have equal lengths: `position`
   counts from 1, each array gives one column of its name. Missing arrays give no
   rows. `columns` are carried along. #}
{% macro unnest_arrays(relation, columns, arrays) %}
    {{- return(adapter.dispatch('unnest_arrays')(relation, columns, arrays)) -}}
{% endmacro %}

{% macro default__unnest_arrays(relation, columns, arrays) -%}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        entries.position + 1 as position,
        {%- for array in arrays %}
        entries.entry.{{ array }} as {{ array }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    lateral view posexplode(arrays_zip({{ arrays | join(', ') }}))
        entries as position, entry
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
