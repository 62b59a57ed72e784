with trials as (

    select * from {{ ref('int_trials_current') }}

),

sampled as (

    {{ unnest_arrays(
        'trials',
        [
            'segmentation', 'representation', 'smoothing_steps', 'metric',
            'band', 'k'
        ],
        ['sample_labels', 'sample_silhouettes', 'sample_x', 'sample_y']
    ) }}

),

published as (

    select
        {{ surrogate_key(
            [
                'segmentation', 'representation', 'smoothing_steps', 'metric',
                'band', 'k', 'position'
            ]
        ) }} as silhouette_id,
        {{ surrogate_key(
            [
                'segmentation', 'representation', 'smoothing_steps',
                'metric', 'band', 'k'
            ]
        ) }} as segmentation_trial_id,
        segmentation,
        metric,
        cast(k as bigint) as k,
        cast(sample_labels as bigint) as cluster_number,
        cast(position as bigint) as sample_number,
        cast(sample_silhouettes as double) as silhouette,
        cast(sample_x as double) as x,
        cast(sample_y as double) as y
    from sampled

)

select * from published
