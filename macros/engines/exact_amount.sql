{% macro exact_amount(amount, decimals=4) -%}
    cast({{ amount }} as decimal(18, {{ decimals }}))
{%- endmacro %}
