with trials as (

    select * from {{ ref('int_trials_current') }}

),

shuffles as (

    {{ unnest_arrays(
        'trials',
        [
            'segmentation', 'representation', 'smoothing_steps', 'metric',
            'band', 'k'
        ],
        ['null_silhouettes']
    ) }}

),

published as (

    select
        {{ surrogate_key(
            [
                'segmentation', 'representation', 'smoothing_steps', 'metric',
                'band', 'k', 'position'
            ]
        ) }} as trial_null_id,
        {{ surrogate_key(
            [
                'segmentation', 'representation', 'smoothing_steps',
                'metric', 'band', 'k'
            ]
        ) }} as segmentation_trial_id,
        segmentation,
        metric,
        cast(k as bigint) as k,
        cast(position as bigint) as shuffle_number,
        nullif(cast(null_silhouettes as double), cast('NaN' as double))
            as silhouette
    from shuffles

)

select * from published
