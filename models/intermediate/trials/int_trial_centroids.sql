-- The centres of the trials. Where no member has a step there is no value.
with trials as (

    select * from {{ ref('int_trials_current') }}

),

centroids as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'centroid'

),

clusters as (

    select * from {{ ref('int_trial_clusters') }}

),

trial_centroids as (

    select
        trials.segmentation_trial_id,
        trials.segmentation,
        trials.metric,
        centroids.feature,
        trials.k,
        centroids.cluster_number,
        clusters.segment_id,
        clusters.segment_number,
        centroids.step,
        clusters.customers,
        nullif(centroids.value, cast('NaN' as double)) as value,
        nullif(centroids.scaled_value, cast('NaN' as double)) as scaled_value,
        trials.is_chosen
    from centroids
    inner join trials
        on
            centroids.model_version = trials.model_version
            and centroids.segmentation_trial_id = trials.segmentation_trial_id
    inner join clusters
        on
            centroids.model_version = clusters.model_version
            and centroids.segmentation_trial_id = clusters.segmentation_trial_id
            and centroids.cluster_number = clusters.cluster_number

)

select * from trial_centroids
