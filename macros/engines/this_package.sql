{# This project's name, also where another project includes it (docs/package.md):
   dbt's `project_name` is that of the including one. #}
{% macro this_package() %}
    {{ return('customer_trajectories') }}
{% endmacro %}
