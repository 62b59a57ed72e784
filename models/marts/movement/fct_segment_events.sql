-- A segment's id follows its customers, its name the evidence: a name that
-- changes from one month to the next is an event, too.
with segment_events as (

    select * from {{ ref('int_segment_events') }}

),

personas as (

    select * from {{ ref('int_segment_personas') }}
    where segment_number is not null

),

renamed as (

    select
        personas.segmentation,
        personas.segment_id,
        'renamed' as event,
        cast(null as string) as related_segment_id,
        personas.model_version,
        befores.customers as customers_before,
        personas.customers as customers_after,
        cast(null as bigint) as customers_shared,
        cast(null as double) as overlap,
        personas.month
    from personas
    inner join personas as befores
        on
            personas.segment_id = befores.segment_id
            and personas.month = {{ dbt.dateadd('month', 1, 'befores.month') }}
    where personas.persona <> befores.persona

),

unioned as (

    select * from segment_events
    union all
    select * from renamed

),

-- Each with the names of the month before and of its own.
named as (

    select
        unioned.*,
        befores.persona as previous_persona,
        personas.persona
    from unioned
    left join personas
        on
            unioned.segment_id = personas.segment_id
            and unioned.month = personas.month
    left join personas as befores
        on
            unioned.segment_id = befores.segment_id
            and unioned.month = {{ dbt.dateadd('month', 1, 'befores.month') }}

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
    from named

)

select * from published
