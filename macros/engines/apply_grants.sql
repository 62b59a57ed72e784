{# DuckDB has no roles. A mart's `grants` are those of the PostgreSQL schema
   that it is published to (docs/postgres.md), and no reason for a warning. #}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}
{% endmacro %}
