-- Every trial's centres as rows: the arrays lie cluster by cluster, step by
-- step, feature by feature. Where no member has a step there is no value.
with trials as (

    select * from {{ ref('int_trials_current') }}

),

entries as (

    {{ unnest_arrays(
        'trials',
        [
            'segmentation', 'representation', 'smoothing_steps', 'metric',
            'band', 'k', 'steps', 'is_chosen', 'features', 'sizes',
            'segment_numbers'
        ],
        ['centroids', 'member_means']
    ) }}

),

located as (

    select
        *,
        cast(floor(
            (position - 1) / (steps * {{ array_length('features') }})
        ) as bigint) + 1 as cluster_number,
        cast(mod(
            cast(floor(
                (position - 1) / {{ array_length('features') }}
            ) as bigint),
            cast(steps as bigint)
        ) as bigint) + 1 as step,
        cast(mod(
            cast(position - 1 as bigint),
            cast({{ array_length('features') }} as bigint)
        ) as bigint) + 1 as feature_number
    from entries

),

centroids as (

    select
        {{ surrogate_key(
            [
                'segmentation', 'representation', 'smoothing_steps',
                'metric', 'band', 'k'
            ]
        ) }} as segmentation_trial_id,
        segmentation,
        metric,
        {{ array_element('features', 'feature_number') }} as feature,
        cast(k as bigint) as k,
        cluster_number,
        case when is_chosen then {{ dbt.concat([
            'segmentation', "'-'", 'cast(' ~ array_element(
                'segment_numbers', 'cluster_number'
            ) ~ ' as string)'
        ]) }} end as segment_id,
        cast({{ array_element('segment_numbers', 'cluster_number') }} as bigint)
            as segment_number,
        step,
        cast({{ array_element('sizes', 'cluster_number') }} as bigint)
            as customers,
        nullif(cast(member_means as double), cast('NaN' as double)) as value,
        nullif(cast(centroids as double), cast('NaN' as double))
            as scaled_value,
        is_chosen
    from located

)

select * from centroids
