-- A shuffle in which nothing could be measured is null, and not left out.
with trials as (

    select * from {{ ref('int_trials_current') }}

),

shuffles as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'shuffle'

),

published as (

    select
        {{ surrogate_key(
            ['trials.segmentation_trial_id', 'shuffles.position']
        ) }} as trial_null_id,
        trials.segmentation_trial_id,
        trials.segmentation,
        trials.metric,
        trials.k,
        shuffles.position as shuffle_number,
        nullif(shuffles.silhouette, cast('NaN' as double)) as silhouette
    from shuffles
    inner join trials
        on
            shuffles.model_version = trials.model_version
            and shuffles.segmentation_trial_id = trials.segmentation_trial_id

)

select * from published
