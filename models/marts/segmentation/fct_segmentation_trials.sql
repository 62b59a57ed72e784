-- Each trial has a reason, chosen or not; of a segmentation one is chosen at
-- most.
with trials as (

    select * from {{ ref('int_trials_current') }}

),

segmentations_placed as (

    select * from {{ ref('int_segmentations_placed') }}

),

published as (

    select
        trials.segmentation_trial_id,
        trials.segmentation,
        trials.series,
        trials.period,
        trials.representation,
        trials.metric,
        trials.reason,
        trials.failed_step,
        trials.shortcoming,
        trials.chosen_by,
        trials.k,
        trials.band,
        trials.smoothing_steps,
        trials.steps,
        trials.sampled_customers,
        trials.silhouette,
        trials.silhouette_low,
        trials.silhouette_high,
        trials.inertia,
        trials.calinski_harabasz,
        trials.davies_bouldin,
        trials.within_between_ratio,
        trials.null_silhouette,
        trials.gain,
        trials.null_p_value,
        trials.persistence_gap,
        trials.persistence_p_value,
        trials.bootstrap_ari,
        trials.predictive_r2,
        trials.rfm_predictive_r2,
        trials.added_predictive_r2,
        trials.activity_r2,
        trials.rfm_activity_r2,
        trials.smallest_share,
        trials.score,
        trials.least_gain,
        trials.largest_p_value,
        trials.least_persistence_gap,
        trials.least_customers,
        trials.least_stability,
        trials.least_share,
        trials.least_group,
        trials.least_predictive_r2,
        trials.hierarchical_ari,
        trials.dbscan_ari,
        trials.dbscan_clusters,
        segmentations_placed.segmentation_place,
        trials.dbscan_eps,
        trials.is_elbow,
        trials.is_recipe,
        trials.has_structure,
        trials.is_separated,
        trials.is_chosen
    from trials
    left join segmentations_placed
        on trials.segmentation = segmentations_placed.segmentation

)

select * from published
