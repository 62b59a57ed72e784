{#- The file format of the model at hand: its own, or the profile's. -#}
{% macro resolved_file_format() %}
    {{ return(config.get('file_format') or target.file_format) }}
{% endmacro %}

{% macro sparksession__file_format_clause() %}
    using {{ resolved_file_format() }}
{% endmacro %}

{#- dbt-spark takes a model without a file format for Delta here. -#}
{% macro sparksession__persist_constraints(relation, model) %}
    {%- if resolved_file_format() == 'delta' -%}
        {{ spark__persist_constraints(relation, model) }}
    {%- endif -%}
{% endmacro %}

{#- Parquet does not hold a column to be not null, so the query does. -#}
{% macro hold_not_null(compiled_code) %}
select
    {%- for column in model.columns.values() %}
    {%- set name = adapter.quote(column.name) %}
    {% if 'not_null' in column.constraints | map(attribute='type') | map('string') -%}
    coalesce(
        {{ name }},
        raise_error('{{ this }}.{{ column.name }} is null; its contract forbids it')
    ) as {{ name }}
    {%- else -%}
    {{ name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {%- endfor %}
from (
{{ compiled_code }}
) as held
{% endmacro %}
