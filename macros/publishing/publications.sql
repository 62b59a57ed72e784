{# The table of the builds that were published; it lies beside the snapshots, so
   that they can be read as they were then, and not as a build that failed later
   left them. The warehouse plugin keeps it. #}
{% macro publications() -%}
    snapshots.publications
{%- endmacro %}
