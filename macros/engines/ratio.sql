{# One number over another as a double, null where the other is zero. Engines
   divide decimals in their own ways; doubles are divided alike everywhere. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double)
        / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
