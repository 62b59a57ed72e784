{# A model's schema is the one its folder names: BI tools query `marts`, not
   `main_marts`. A target that needs a prefix (a developer's own schema on a
   shared warehouse) sets the variable `schema_prefix`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ var('schema_prefix', '') ~ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
