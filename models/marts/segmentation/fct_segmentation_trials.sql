-- Each trial has a reason, chosen or not; of a segmentation one is chosen at
-- most.
with trials as (

    select * from {{ ref('int_trials_current') }}

),

published as (

    select
        segmentation_trial_id,
        segmentation,
        series,
        period,
        representation,
        metric,
        reason,
        failed_step,
        shortcoming,
        chosen_by,
        k,
        band,
        smoothing_steps,
        steps,
        sampled_customers,
        silhouette,
        silhouette_low,
        silhouette_high,
        inertia,
        calinski_harabasz,
        davies_bouldin,
        within_between_ratio,
        null_silhouette,
        gain,
        null_p_value,
        persistence_gap,
        persistence_p_value,
        bootstrap_ari,
        predictive_r2,
        rfm_predictive_r2,
        added_predictive_r2,
        activity_r2,
        rfm_activity_r2,
        smallest_share,
        score,
        least_gain,
        largest_p_value,
        least_persistence_gap,
        least_customers,
        least_stability,
        least_share,
        least_group,
        least_predictive_r2,
        hierarchical_ari,
        dbscan_ari,
        dbscan_clusters,
        dbscan_eps,
        is_elbow,
        has_structure,
        is_separated,
        is_chosen
    from trials

)

select * from published
