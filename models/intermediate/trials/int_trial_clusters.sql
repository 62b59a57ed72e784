-- The clusters of all trials; those of a chosen one are segments.
with clusters as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'cluster'

),

trials as (

    select * from {{ ref('int_trials') }}

),

numbered as (

    select
        trials.model_version,
        trials.segmentation_trial_id,
        trials.segmentation,
        case when trials.is_chosen then {{ dbt.concat([
            'trials.segmentation', "'-'",
            'cast(clusters.segment_number as string)'
        ]) }} end as segment_id,
        clusters.cluster_number,
        clusters.segment_number,
        clusters.customers
    from clusters
    inner join trials
        on
            clusters.model_version = trials.model_version
            and clusters.segmentation_trial_id = trials.segmentation_trial_id

)

select * from numbered
