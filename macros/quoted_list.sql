{# The entries of a list variable as SQL text literals. #}
{% macro quoted_list(variable) -%}
    {%- for entry in var(variable) -%}
        '{{ entry | lower }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
