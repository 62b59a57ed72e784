{% macro clean_status(text) -%}
    {{ remove_pattern(
        "replace(replace(lower(" ~ text ~ "), '-', ' '), '_', ' ')", '^wc '
    ) }}
{%- endmacro %}
