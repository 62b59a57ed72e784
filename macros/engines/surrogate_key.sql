{# One text key over several columns: their values joined by '|'. Readable, so
   that a person can see what a failing key stands for. A null value is the
   word 'none'. #}
{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- if not loop.first %}{% do parts.append("'|'") %}{% endif -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as string), 'none')") -%}
    {%- endfor -%}
    {{ dbt.concat(parts) }}
{%- endmacro %}
