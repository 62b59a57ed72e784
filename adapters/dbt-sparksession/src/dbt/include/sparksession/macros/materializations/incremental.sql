{#- A Python model's rows lie in a table before they are added, a SQL model's are a view. -#}
{% materialization incremental, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set file_format = dbt_spark_validate_get_file_format(resolved_file_format()) -%}
    {%- set strategy = dbt_spark_validate_get_incremental_strategy(
        config.get('incremental_strategy') or 'append', file_format
    ) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set old_relation = earlier_relation(target_relation) -%}
    {%- set is_new = (
        old_relation is none or old_relation.is_view or should_full_refresh()
    ) -%}

    {{ run_hooks(pre_hooks) }}

    {% if is_new %}
        {% set new_relation = relation_to_write(old_relation, target_relation) %}
        {% call statement('main', language=language) -%}
            {{ create_table_as(False, new_relation, compiled_code, language) }}
        {% endcall %}
        {% do put_in_place(new_relation, old_relation, target_relation) %}
        {% do persist_constraints(target_relation, model) %}
    {% else %}
        {% set rows = rows_to_add(target_relation, language) %}
        {% call statement('create_rows', language=language) -%}
            {{ create_table_as(True, rows, compiled_code, language) }}
        {% endcall %}
        {% do add_rows(rows, target_relation, strategy) %}
    {% endif %}

    {% set should_revoke = should_revoke(old_relation, full_refresh_mode=is_new) %}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke) %}
    {% do persist_docs(target_relation, model) %}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro rows_to_add(target_relation, language) %}
    {%- set path = {'identifier': target_relation.identifier ~ '__dbt_tmp'} -%}
    {%- set rows = target_relation.incorporate(path=path) -%}
    {{ return(rows if language == 'python' else rows.include(schema=false)) }}
{% endmacro %}

{% macro add_rows(rows, target_relation, strategy) %}
    {%- set on_schema_change = incremental_validate_on_schema_change(
        config.get('on_schema_change'), default='ignore'
    ) -%}
    {%- do process_schema_changes(on_schema_change, rows, target_relation) -%}
    {%- if strategy in ['insert_overwrite', 'microbatch'] and not adapter.renames_tables() -%}
        {%- do overwrite_by_replacing(rows, target_relation) -%}
    {%- else -%}
        {%- call statement('main') -%}
            {{ dbt_spark_get_incremental_sql(
                strategy,
                rows,
                target_relation,
                target_relation,
                config.get('unique_key'),
                config.get('predicates') or config.get('incremental_predicates'),
            ) }}
        {%- endcall -%}
    {%- endif -%}
    {%- call statement('drop_rows') -%}
        drop {{ 'table' if model['language'] == 'python' else 'view' }} if exists {{ rows }}
    {%- endcall -%}
{% endmacro %}

{#- For an engine that replaces whole tables but not partitions (Sail). -#}
{% macro overwrite_by_replacing(rows, target_relation) %}
    {%- set columns = adapter.get_columns_in_relation(target_relation)
        | map(attribute='quoted') | join(', ') -%}
    {%- set keys = config.get('partition_by') or [] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set overwritten -%}
        select {{ columns }} from {{ rows }}
        {%- if keys %}
        union all
        select {{ columns }} from {{ target_relation }} as kept
        where not exists (
            select 1 from {{ rows }} as brought
            where
                {% for key in keys -%}
                {{ 'and ' if not loop.first }}kept.{{ key }} <=> brought.{{ key }}
                {% endfor %}
        )
        {%- endif %}
    {%- endset -%}
    {%- set new_relation = new_version_of(target_relation) -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, new_relation, overwritten) }}
    {%- endcall -%}
    {%- do put_in_place(new_relation, target_relation, target_relation) -%}
{% endmacro %}
