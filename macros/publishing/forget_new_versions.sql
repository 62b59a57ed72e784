{% macro forget_new_versions(results) %}
    {% set fitted = results
        | selectattr('node.name', 'equalto', 'int_segmentation_trials')
        | selectattr('status', 'equalto', 'success')
        | list %}
    {% if fitted and _failed_nodes(results) %}
        {% do log(
            "Model versions that this run fitted are forgotten, for not all "
            ~ "of it went well.", info=true
        ) %}
        {{ return(adapter.dispatch('delete_new_versions')(
            fitted[0].node.relation_name
        )) }}
    {% endif %}
    {{ return('') }}
{% endmacro %}


{% macro default__delete_new_versions(relation) %}
    {{ return("delete from " ~ relation ~ " where is_new") }}
{% endmacro %}


{# Spark deletes no rows of a Parquet table, nor replaces it by what reads it. #}
{% macro spark__delete_new_versions(relation) %}
    {% set kept = relation ~ "__kept" %}
    {% for sql in [
        "drop table if exists " ~ kept,
        "create table " ~ kept ~ " using parquet as select * from " ~ relation
        ~ " where not is_new",
        "drop table " ~ relation,
        "create table " ~ relation ~ " using parquet as select * from " ~ kept
    ] %}
        {% call statement() %}{{ sql }}{% endcall %}
    {% endfor %}
    {{ return("drop table " ~ kept) }}
{% endmacro %}
