-- Centres are frozen: they stay as they are until another version is fitted.
with trial_centroids as (

    select * from {{ ref('int_trial_centroids') }}
    where is_chosen and scaled_value is not null

),

published as (

    select
        {{ surrogate_key(
            ['segment_id', 'step', 'feature']
        ) }} as segment_centroid_id,
        segment_id,
        feature,
        step,
        value,
        scaled_value
    from trial_centroids

)

select * from published
