{# The named columns of a row as one JSON object, for people to read. #}
{% macro row_as_text(columns) %}
    {{- return(adapter.dispatch('row_as_text')(columns)) -}}
{% endmacro %}

{% macro default__row_as_text(columns) -%}
    to_json(named_struct(
        {%- for column in columns -%}
            '{{ column }}', {{ column }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ), map('ignoreNullFields', 'false'))
{%- endmacro %}

{% macro duckdb__row_as_text(columns) -%}
    cast(to_json(struct_pack(
        {%- for column in columns -%}
            {{ column }} := {{ column }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )) as string)
{%- endmacro %}
