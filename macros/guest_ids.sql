{# The customer ids of the variable guest_customer_ids as SQL text literals, written
   as clean_id writes them; one that no customer has where there are none. #}
{% macro guest_ids() -%}
    {%- for id in var('guest_customer_ids') or [''] -%}
        {%- set id = id | string -%}
        '{{ (id | lower if '@' in id else id) | replace("'", "''") }}'
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
