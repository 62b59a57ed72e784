{% macro guest_ids() -%}
    {%- for id in var('guest_customer_ids') or [''] -%}
        {%- set id = id | string -%}
        {%- set id = id | lower if '@' in id else id -%}
        '{{ dbt.escape_single_quotes(id) }}'
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
