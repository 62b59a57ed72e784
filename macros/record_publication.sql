{# The statements that write down that a build was published, so that the snapshots
   can be read as they were then, and not as a build that failed later left them. #}
{% macro record_publication() %}
    {{ return(adapter.dispatch('record_publication')()) }}
{% endmacro %}


{# Engines that publish nothing here have nothing to record. #}
{% macro default__record_publication() %}
    {{ return('') }}
{% endmacro %}


{% macro duckdb__record_publication() %}
    create schema if not exists snapshots;
    create table if not exists {{ publications() }} (
        build_id varchar, published_at timestamp
    );
    insert into {{ publications() }}
    select
        '{{ _build_id() }}',
        {{ snapshot_get_time() }}
{% endmacro %}


{# The table of publications; it lies beside the snapshots. #}
{% macro publications() -%}
    snapshots.publications
{%- endmacro %}
