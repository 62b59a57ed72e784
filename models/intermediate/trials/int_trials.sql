-- The trials of all model versions there have been.
with rows_of_trials as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'trial'

),

trials as (

    select
        segmentation_trial_id,
        model_version,
        segmentation,
        series,
        representation,
        metric,
        period,
        reason,
        failed_step,
        shortcoming,
        chosen_by,
        refit_reason,
        parent_version,
        data_hash,
        settings_hash,
        input,
        library_versions,
        fit_number,
        k,
        band,
        smoothing_steps,
        steps,
        seed,
        sampled_customers,
        silhouette,
        silhouette_low,
        silhouette_high,
        inertia,
        calinski_harabasz,
        davies_bouldin,
        within_between_ratio,
        within_between_low,
        within_between_high,
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
        is_recipe,
        has_structure,
        is_separated,
        is_chosen,
        is_current,
        is_new,
        fitted_to,
        in_force_from,
        in_force_to
    from rows_of_trials

)

select * from trials
