-- Clusters of a trial share out all customers that were looked at.
with trial_centroids as (

    select * from {{ ref('int_trial_centroids') }}
    where scaled_value is not null

),

published as (

    select
        {{ surrogate_key([
            'segmentation_trial_id', 'cluster_number', 'step', 'feature'
        ]) }} as trial_centroid_id,
        segmentation_trial_id,
        segmentation,
        segment_id,
        metric,
        feature,
        k,
        cluster_number,
        step,
        customers,
        {{ share(
            'customers',
            'sum(customers) over ('
            ~ 'partition by segmentation_trial_id, step, feature)'
        ) }} as customer_share,
        value,
        scaled_value
    from trial_centroids

)

select * from published
