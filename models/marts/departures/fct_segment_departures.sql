-- Each is a changed membership of the latest month; what would have kept her is
-- all there or not at all. No column describes a person.
with departures as (

    select * from {{ ref('int_segment_departures') }}

),

explained as (

    select * from {{ ref('int_departures_explained') }}
    where feature_rank = 1

),

personas as (

    select * from {{ ref('int_segment_personas') }}

),

published as (

    select
        departures.customer_segment_id as segment_departure_id,
        departures.segmentation,
        departures.customer_id,
        departures.from_segment_id,
        departures.to_segment_id,
        befores.persona as from_persona,
        afters.persona as to_persona,
        departures.cause,
        explained.explanation,
        cast(departures.confidence as double) as confidence,
        departures.revenue_12_months_amount,
        cast(explained.keeping_orders as bigint) as keeping_orders,
        cast(explained.keeping_amount as double) as keeping_amount,
        cast(explained.keeping_confidence as double) as keeping_confidence,
        explained.keeping_orders is not null as is_keepable,
        cast(explained.keeping_from_date as date) as keeping_from_date,
        cast(explained.keeping_to_date as date) as keeping_to_date,
        departures.month
    from departures
    inner join explained
        on departures.customer_segment_id = explained.customer_segment_id
    inner join personas as befores
        on
            departures.from_segment_id = befores.segment_id
            and departures.month = {{ dbt.dateadd(
                'month', 1, 'befores.month'
            ) }}
    inner join personas as afters
        on
            departures.to_segment_id = afters.segment_id
            and departures.month = afters.month

)

select * from published
