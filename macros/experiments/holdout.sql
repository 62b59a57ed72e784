{# The first eight hexadecimal digits of a hash, as text, so that every engine says
   the same of a customer, whoever joins. #}
{% macro is_held_out(customer_id) -%}
    {%- set bound = '%09x' % (checked_var('holdout_share') * 4294967296) | int -%}
    {{ dbt.concat(["'0'", 'substring(' ~ dbt.hash(dbt.concat(
        ["'holdout:'", customer_id]
    )) ~ ', 1, 8)']) }} < '{{ bound }}'
{%- endmacro %}
