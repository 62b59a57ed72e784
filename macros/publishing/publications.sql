{% macro publications() -%}
    snapshots.publications
{%- endmacro %}
