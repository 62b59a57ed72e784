{#-
  A SQL model becomes a table; a Python model runs, and then its result does. The
  result of a Python model is a table also when it is temporary, so that the model
  runs once.
-#}
{% macro sparksession__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if language == 'python' -%}
        {{ create_table_from_python(relation, compiled_code) }}
    {%- elif temporary -%}
        {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
            {%- set compiled_code = hold_not_null(compiled_code) -%}
        {%- endif -%}
        {%- set replaces = adapter.replaces_tables(resolved_file_format()) -%}
        create {{ 'or replace ' if replaces }}table {{ relation }}
        {{ file_format_clause() }}
        {{ options_clause() }}
        {{ tblproperties_clause() }}
        {{ partition_cols(label='partitioned by') }}
        {{ clustered_cols(label='clustered by') }}
        {{ location_clause() }}
        {{ comment_clause() }}
        as
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro %}

{% macro create_table_from_python(relation, compiled_code) -%}
    {%- if config.get('location_root') -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ' is a Python model with a location_root, at which its old'
            ~ ' and its new rows would lie in one place; leave location_root out.'
        ) -%}
    {%- endif -%}
    {%- set view = relation.schema ~ '__' ~ relation.identifier ~ '__dbt_view' -%}
    {%- set create = create_table_as(False, relation, 'select * from ' ~ view) -%}
    {%- set statements = ['drop table if exists ' ~ relation, create] -%}
    {%- if adapter.replaces_tables(resolved_file_format()) -%}
        {%- set statements = [create] -%}
    {%- endif %}
{{ compiled_code }}
write_result(
    model(dbtObj(spark.table), spark),
    {{ view | tojson }},
    {{ statements | tojson }},
)
{%- endmacro %}
