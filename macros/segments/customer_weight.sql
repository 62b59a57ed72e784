{# A customer's share of what the revenues of a group's customers come to, gained
   or given back. #}
{% macro customer_weight(revenue, group) -%}
    {{ share(
        'abs(' ~ revenue ~ ')',
        'sum(abs(' ~ revenue ~ ')) over (partition by ' ~ group | join(', ')
        ~ ')'
    ) }}
{%- endmacro %}


{# Whether a customer of such a weight outweighs all others together: the group's
   mean is hers, and says nothing of them. Null where there is no weight. #}
{% macro outweighs(customer_weight) -%}
    {{ customer_weight }} > 0.5
{%- endmacro %}
