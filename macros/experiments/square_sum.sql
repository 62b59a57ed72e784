{% macro square_sum(first, second) -%}
    sum(cast(
        cast({{ first }} as double) * cast({{ second }} as double)
        as decimal(38, 4)
    ))
{%- endmacro %}
