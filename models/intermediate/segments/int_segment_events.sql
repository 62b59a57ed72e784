-- What became of segments when a map was drawn: one that goes on has survived
-- or changed; one that ends has merged into where half of its customers went or
-- is retired; a new one was split off where half of its customers came from, or
-- was born (after Spiliopoulou et al. 2006, "MONIC").
with shared as (

    select
        *,
        max(case when from_segment_id = to_segment_id then 1 else 0 end) over (
            partition by model_version, from_segment_id
        ) as goes_on,
        max(case when from_segment_id = to_segment_id then 1 else 0 end) over (
            partition by model_version, to_segment_id
        ) as was_there,
        row_number() over (
            partition by model_version, from_segment_id
            order by customers desc, to_segment_id
        ) as to_rank,
        row_number() over (
            partition by model_version, to_segment_id
            order by customers desc, from_segment_id
        ) as from_rank
    from {{ ref('int_segment_overlaps') }}

),

models as (

    select * from {{ ref('int_models_in_force') }}

),

clusters as (

    select * from {{ ref('int_trial_clusters') }}
    where segment_id is not null

),

founded as (

    select
        models.segmentation,
        models.model_version,
        clusters.segment_id,
        models.in_force_from
    from models
    inner join clusters
        on models.model_version = clusters.model_version
    where models.parent_version is null

),

told as (

    select
        *,
        to_segment_id as segment_id,
        case when overlap >= {{ var('surviving_overlap') }} then 'survived'
            else 'changed' end as event
    from shared
    where from_segment_id = to_segment_id
    union all
    select
        *,
        from_segment_id as segment_id,
        case when customers * 2 >= from_customers and customers > 0
            then 'merged' else 'retired' end as event
    from shared
    where goes_on = 0 and to_rank = 1
    union all
    select
        *,
        to_segment_id as segment_id,
        case when customers * 2 >= to_customers and customers > 0
            then 'split' else 'born' end as event
    from shared
    where was_there = 0 and from_rank = 1

),

events as (

    select
        segmentation,
        segment_id,
        event,
        case event
            when 'merged' then to_segment_id
            when 'split' then from_segment_id
        end as related_segment_id,
        model_version,
        case when event not in ('split', 'born') then from_customers end
            as customers_before,
        case when event not in ('merged', 'retired') then to_customers end
            as customers_after,
        customers as customers_shared,
        overlap,
        month
    from told
    union all
    select
        segmentation,
        segment_id,
        'born' as event,
        cast(null as string) as related_segment_id,
        model_version,
        cast(null as bigint) as customers_before,
        cast(null as bigint) as customers_after,
        cast(null as bigint) as customers_shared,
        cast(null as double) as overlap,
        in_force_from as month
    from founded

)

select * from events
