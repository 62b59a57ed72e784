{# Asked when the build runs, for dbt remembers what stands in a snapshot's yml. #}
{% macro snapshot_published_strategy(
    node, snapshotted_rel, current_rel, model_config, target_exists
) %}
    {% set strategy = snapshot_check_strategy(
        node, snapshotted_rel, current_rel, model_config, target_exists
    ) %}
    {% if flags.EMPTY %}
        {% do strategy.update({
            'hard_deletes': 'ignore', 'invalidate_hard_deletes': false
        }) %}
    {% endif %}
    {{ return(strategy) }}
{% endmacro %}
