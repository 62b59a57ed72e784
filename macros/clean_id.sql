{# An identifier as text: leading zeros stay; the `.0` that spreadsheets and data
   frames put behind whole numbers goes. #}
{% macro clean_id(text) -%}
    {{ remove_pattern(text, '[.]0+$') }}
{%- endmacro %}
