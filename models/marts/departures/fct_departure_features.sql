-- Each departure is one of fct_segment_departures, with all features of its
-- series. No column describes a person.
with departures_explained as (

    select * from {{ ref('int_departures_explained') }}

),

published as (

    select
        {{ surrogate_key(['customer_segment_id', 'feature']) }}
            as departure_feature_id,
        customer_segment_id as segment_departure_id,
        feature,
        cast(feature_rank as bigint) as feature_rank,
        cast(value_before as double) as value_before,
        cast(value_now as double) as value_now,
        value_now - value_before as value_change,
        cast(segment_value as double) as segment_value,
        cast(scaled_change as double) as scaled_change
    from departures_explained

)

select * from published
