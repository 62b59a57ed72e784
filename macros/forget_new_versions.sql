{# The statement that forgets the model versions of a run in which something
   failed: what failed may be the data that they were fitted on, and a version
   is reused. Nothing, when all went well or nothing was fitted. #}
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
        {{ return(
            "delete from " ~ fitted[0].node.relation_name ~ " where is_new"
        ) }}
    {% endif %}
    {{ return('') }}
{% endmacro %}
