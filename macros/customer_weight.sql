{# A customer's share of what the revenues of a group's customers come to, gained
   or given back. Above one half she outweighs all others together: the group's
   mean is hers, and says nothing of them. #}
{% macro customer_weight(revenue, group) -%}
    {{ share(
        'abs(' ~ revenue ~ ')',
        'sum(abs(' ~ revenue ~ ')) over (partition by ' ~ group | join(', ')
        ~ ')'
    ) }}
{%- endmacro %}
