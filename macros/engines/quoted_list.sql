{% macro quoted_list(variable) -%}
    {%- for entry in var(variable) -%}
        {%- set status = entry | lower | replace('-', ' ') | replace('_', ' ') -%}
        {%- set status = modules.re.sub('^wc ', '', status) -%}
        '{{ dbt.escape_single_quotes(status) }}'
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
