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
        cast(hierarchical_ari as double) as hierarchical_ari,
        cast(dbscan_ari as double) as dbscan_ari,
        cast(dbscan_clusters as bigint) as dbscan_clusters,
        cast(dbscan_eps as double) as dbscan_eps,
        is_elbow,
        has_structure,
        is_chosen
    from trials

)

select * from published
