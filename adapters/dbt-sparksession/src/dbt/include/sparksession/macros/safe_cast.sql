{#- A list, which a unit test may give as a column's value, is written as an array. -#}
{% macro sparksession__safe_cast(field, type) %}
    {%- if field is string or field is mapping or field is not iterable -%}
        {{ spark__safe_cast(field, type) }}
    {%- else -%}
        {%- set entries = [] -%}
        {%- for entry in field -%}
            {%- do entries.append(
                dbt.string_literal(dbt.escape_single_quotes(entry))
                if entry is string else entry | string
            ) -%}
        {%- endfor -%}
        cast(array({{ entries | join(', ') }}) as {{ type }})
    {%- endif -%}
{% endmacro %}
