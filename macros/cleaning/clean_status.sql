{# An order's status in one way of writing: lower case, blanks for - and _, without
   the wc- of WooCommerce. #}
{% macro clean_status(text) -%}
    {{ remove_pattern(
        "replace(replace(lower(" ~ text ~ "), '-', ' '), '_', ' ')", '^wc '
    ) }}
{%- endmacro %}
