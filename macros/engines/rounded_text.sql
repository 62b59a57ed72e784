{% macro rounded_text(number, digits=0) -%}
    {%- if digits == 0 -%}
    cast(cast(round({{ number }}) as bigint) as string)
    {%- else -%}
    cast(cast(round({{ number }}, {{ digits }}) as decimal(18, {{ digits }})) as string)
    {%- endif -%}
{%- endmacro %}
