with trials as (

    select * from {{ ref('int_trials_current') }}

),

published as (

    select
        {{ surrogate_key(
            [
                'segmentation', 'representation', 'smoothing_steps',
                'metric', 'band', 'k'
            ]
        ) }} as segmentation_trial_id,
        segmentation,
        series,
        representation,
        metric,
        reason,
        failed_step,
        shortcoming,
        chosen_by,
        cast(k as bigint) as k,
        cast(band as bigint) as band,
        cast(smoothing_steps as double) as smoothing_steps,
        cast(steps as bigint) as steps,
        cast(sampled_customers as bigint) as sampled_customers,
        cast(silhouette as double) as silhouette,
        cast(silhouette_low as double) as silhouette_low,
        cast(silhouette_high as double) as silhouette_high,
        cast(inertia as double) as inertia,
        cast(calinski_harabasz as double) as calinski_harabasz,
        cast(davies_bouldin as double) as davies_bouldin,
        cast(within_between_ratio as double) as within_between_ratio,
        cast(null_silhouette as double) as null_silhouette,
        cast(gain as double) as gain,
        cast(null_p_value as double) as null_p_value,
        cast(persistence_gap as double) as persistence_gap,
        cast(persistence_p_value as double) as persistence_p_value,
        cast(bootstrap_ari as double) as bootstrap_ari,
        cast(predictive_r2 as double) as predictive_r2,
        cast(rfm_predictive_r2 as double) as rfm_predictive_r2,
        cast(added_predictive_r2 as double) as added_predictive_r2,
        cast(activity_r2 as double) as activity_r2,
        cast(rfm_activity_r2 as double) as rfm_activity_r2,
        cast(smallest_share as double) as smallest_share,
        cast(score as double) as score,
        cast(least_gain as double) as least_gain,
        cast(largest_p_value as double) as largest_p_value,
        cast(least_persistence_gap as double) as least_persistence_gap,
        cast(least_customers as bigint) as least_customers,
        cast(least_stability as double) as least_stability,
        cast(least_share as double) as least_share,
        cast(least_group as bigint) as least_group,
        cast(least_predictive_r2 as double) as least_predictive_r2,
        cast(hierarchical_ari as double) as hierarchical_ari,
        cast(dbscan_ari as double) as dbscan_ari,
        cast(dbscan_clusters as bigint) as dbscan_clusters,
        cast(dbscan_eps as double) as dbscan_eps,
        is_elbow,
        has_structure,
        is_separated,
        is_chosen
    from trials

)

select * from published
