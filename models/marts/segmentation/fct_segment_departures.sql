with segment_departures as (

    select * from {{ ref('int_segment_departures') }}

),

departures_explained as (

    select * from {{ ref('int_departures_explained') }}
    where feature_rank = 1

),

segments as (

    select * from {{ ref('dim_segments') }}

),

published as (

    select
        segment_departures.customer_segment_id as segment_departure_id,
        segment_departures.segmentation,
        segment_departures.customer_id,
        segment_departures.from_segment_id,
        segment_departures.to_segment_id,
        coalesce(from_segments.persona, segment_departures.from_segment_id)
            as from_persona,
        coalesce(to_segments.persona, segment_departures.to_segment_id)
            as to_persona,
        segment_departures.cause,
        departures_explained.explanation,
        cast(segment_departures.confidence as double) as confidence,
        segment_departures.revenue_12_months_amount,
        cast(departures_explained.keeping_orders as bigint) as keeping_orders,
        cast(departures_explained.keeping_amount as double) as keeping_amount,
        cast(departures_explained.keeping_confidence as double)
            as keeping_confidence,
        departures_explained.keeping_orders is not null as is_keepable,
        cast(departures_explained.keeping_from_date as date)
            as keeping_from_date,
        cast(departures_explained.keeping_to_date as date) as keeping_to_date,
        segment_departures.month
    from segment_departures
    inner join departures_explained
        on
            segment_departures.customer_segment_id
            = departures_explained.customer_segment_id
    left join segments as from_segments
        on segment_departures.from_segment_id = from_segments.segment_id
    left join segments as to_segments
        on segment_departures.to_segment_id = to_segments.segment_id

)

select * from published
