-- A segment's id follows its customers, its name the evidence: a name that is
-- no longer deserved is an event, too.
with segment_events as (

    select * from {{ ref('int_segment_events') }}

),

segments as (

    select * from {{ ref('int_segments_evidenced') }}
    where segment_number is not null

),

named as (

    select
        *,
        lag(persona) over (
            partition by segment_id order by month
        ) as previous_persona,
        lag(customers) over (
            partition by segment_id order by month
        ) as previous_customers
    from segments

),

renamed as (

    select
        segmentation,
        segment_id,
        'renamed' as event,
        cast(null as string) as related_segment_id,
        model_version,
        previous_persona,
        persona,
        previous_customers as customers_before,
        customers as customers_after,
        cast(null as bigint) as customers_shared,
        cast(null as double) as overlap,
        month
    from named
    where persona <> previous_persona

),

unioned as (

    select
        segment_events.segmentation,
        segment_events.segment_id,
        segment_events.event,
        segment_events.related_segment_id,
        segment_events.model_version,
        named.previous_persona,
        named.persona,
        segment_events.customers_before,
        segment_events.customers_after,
        segment_events.customers_shared,
        segment_events.overlap,
        segment_events.month
    from segment_events
    left join named
        on
            segment_events.segment_id = named.segment_id
            and segment_events.month = named.month
    union all
    select * from renamed

),

published as (

    select
        {{ surrogate_key(['segment_id', 'model_version', 'event', 'month']) }}
            as segment_event_id,
        segmentation,
        segment_id,
        event,
        related_segment_id,
        model_version,
        previous_persona,
        persona,
        customers_before,
        customers_after,
        customers_shared,
        overlap,
        cast({{ var('least_overlap') }} as double) as least_overlap,
        cast({{ var('surviving_overlap') }} as double) as surviving_overlap,
        month
    from unioned

)

select * from published
