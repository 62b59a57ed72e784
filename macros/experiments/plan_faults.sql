{# The first that holds is told; beside each, what was found. #}
{% macro plan_faults() %}
    {{ return({
        'no_name': ['experiment is null', "'nothing'"],
        'named_twice': ['copies > 1', 'copies'],
        'unknown_metric': [
            "coalesce(primary_metric, '') not in ('"
                ~ experiment_metrics() | join("', '") ~ "')",
            'primary_metric'
        ],
        'number_of_arms': ['coalesce(arms, 0) not between 2 and 10', 'arms'],
        'arm_named_twice': ['names < arms', 'names'],
        'number_of_controls': ['controls <> 1', 'controls'],
        'shares': [
            'positive_shares < arms or abs(sum_of_shares - 1) > 0.001',
            'sum_of_shares'
        ],
        'start': ['start_date is null', "'no day'"],
        'weeks': ['coalesce(planned_weeks, 0) not between 1 and 104', 'planned_weeks'],
        'looks': [
            'coalesce(planned_looks, 0) not between 1 and planned_weeks',
            'planned_looks'
        ],
        'test': ["coalesce(test, 'welch') not in ('welch', 'permutation')", 'test'],
        'unknown_segmentation': [
            "coalesce(segmentation, 'any') not in ('any', '"
                ~ var('segmentations') | join("', '") ~ "')",
            'segmentation'
        ],
        'segment': ['segment_id is not null and not is_segment', 'segment_id'],
        'segment_ended': ['valid_to_date < end_date', 'valid_to_date'],
        'plan_edited': ['kept_plan_hash <> plan_hash', 'plan_hash']
    }) }}
{% endmacro %}
