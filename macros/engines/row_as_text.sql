{% macro row_as_text(columns) %}
    {{- return(adapter.dispatch('row_as_text')(columns)) -}}
{% endmacro %}

{# Spelled out: Spark's to_json leaves out what is null. #}
{% macro default__row_as_text(columns) -%}
    concat(
        {%- for column in columns %}
        '{{ '{' if loop.first }}"{{ column }}":', {{ _json_text(column) }},
        '{{ '}' if loop.last else ',' }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro duckdb__row_as_text(columns) -%}
    cast(to_json(struct_pack(
        {%- for column in columns -%}
            {{ column }} := {{ column }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )) as string)
{%- endmacro %}


{% macro _json_text(text) -%}
    {%- set escaped = namespace(text="replace(" ~ text ~ ", chr(92), repeat(chr(92), 2))") -%}
    {%- for character, letter in {'34': '"', '10': 'n', '13': 'r', '9': 't'}.items() -%}
        {%- set escaped.text =
            "replace(" ~ escaped.text ~ ", chr(" ~ character ~ "), "
            ~ "concat(chr(92), '" ~ letter ~ "'))" -%}
    {%- endfor -%}
    coalesce(concat('"', {{ escaped.text }}, '"'), 'null')
{%- endmacro %}
