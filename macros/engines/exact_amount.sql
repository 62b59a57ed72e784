{# A number as a decimal: sums of decimals are exact and do not depend on the
   order in which threads add them up, so that a second build gives the same
   bytes. Amounts become doubles only where they are published. #}
{% macro exact_amount(amount, decimals=4) -%}
    cast({{ amount }} as decimal(18, {{ decimals }}))
{%- endmacro %}
