{% macro customer_weight(revenue, group) -%}
    {{ share(
        'abs(' ~ revenue ~ ')',
        'sum(abs(' ~ revenue ~ ')) over (partition by ' ~ group | join(', ')
        ~ ')'
    ) }}
{%- endmacro %}


{% macro outweighs(customer_weight) -%}
    {{ customer_weight }} > 0.5
{%- endmacro %}
