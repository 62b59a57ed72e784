{#-
  Makes a table anew. The old one stays until the new one is written, so that a model
  may read its own earlier rows, and a model that fails leaves them.
-#}
{% materialization table, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set old_relation = earlier_relation(target_relation) -%}
    {%- set new_relation = relation_to_write(old_relation, target_relation) -%}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main', language=model['language']) -%}
        {{ create_table_as(False, new_relation, compiled_code, model['language']) }}
    {% endcall %}
    {% do put_in_place(new_relation, old_relation, target_relation) %}

    {% set should_revoke = should_revoke(old_relation, full_refresh_mode=True) %}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke) %}
    {% do persist_docs(target_relation, model) %}
    {% do persist_constraints(target_relation, model) %}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro new_version_of(relation) %}
    {%- set path = {'identifier': relation.identifier ~ '__dbt_new'} -%}
    {{ return(relation.incorporate(path=path, type='table')) }}
{% endmacro %}

{#-
  The table of earlier runs. Should a run have ended between drop and rename, the
  table that it left under its new name is the one.
-#}
{% macro earlier_relation(target_relation) %}
    {%- set earlier = load_cached_relation(target_relation) -%}
    {%- set left = load_cached_relation(new_version_of(target_relation)) -%}
    {%- if earlier is none and left is not none -%}
        {%- do adapter.rename_relation(left, target_relation) -%}
        {{ return(target_relation) }}
    {%- endif -%}
    {{ return(earlier) }}
{% endmacro %}

{#- Where to write: at the target, unless something lies there that must stay for now. -#}
{% macro relation_to_write(old_relation, target_relation) %}
    {%- if old_relation is none or (
        old_relation.is_table and adapter.replaces_at_once(resolved_file_format())
    ) -%}
        {{ return(target_relation) }}
    {%- endif -%}
    {%- set new_relation = new_version_of(target_relation) -%}
    {%- do adapter.drop_relation(new_relation) -%}
    {{ return(new_relation) }}
{% endmacro %}

{% macro put_in_place(new_relation, old_relation, target_relation) %}
    {%- if new_relation == target_relation -%}
        {{ return('') }}
    {%- endif -%}
    {%- if adapter.renames_tables() or old_relation.is_view -%}
        {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {%- if adapter.renames_tables() -%}
        {%- do adapter.rename_relation(new_relation, target_relation) -%}
    {%- else -%}
        {%- call statement('copy') -%}
            {{ create_table_as(False, target_relation, 'select * from ' ~ new_relation) }}
        {%- endcall -%}
        {%- do adapter.drop_relation(new_relation) -%}
    {%- endif -%}
{% endmacro %}
