{#- Rows go through a data frame: fast, and nulls and apostrophes stay. -#}
{% macro sparksession__load_csv_rows(model, agate_table) %}
    {%- set overrides = model['config'].get('column_types', {}) -%}
    {%- set types = [] -%}
    {%- for column in agate_table.column_names -%}
        {%- set inferred = adapter.convert_type(agate_table, loop.index0) -%}
        {%- do types.append(overrides.get(column, inferred)) -%}
    {%- endfor -%}
    {{ return(adapter.load_seed(this.render(), agate_table, types)) }}
{% endmacro %}
