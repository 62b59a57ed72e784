-- Every customer of a month is in exactly one segment of each segmentation.
with moves as (

    select * from {{ ref('int_segment_moves') }}

),

personas as (

    select * from {{ ref('int_segment_personas') }}

),

changed as (

    select
        *,
        max(case when is_changed then month end) over (
            partition by segmentation, customer_id order by month
            rows between unbounded preceding and current row
        ) as changed_month
    from moves

),

published as (

    select
        changed.customer_segment_id,
        changed.segmentation,
        changed.customer_id,
        changed.segment_id,
        changed.previous_segment_id,
        changed.nearest_segment_id,
        personas.persona,
        cast(changed.distance as double) as distance,
        cast(changed.confidence as double) as confidence,
        changed.is_in_transition,
        changed.month,
        changed.changed_month
    from changed
    inner join personas
        on
            changed.segment_id = personas.segment_id
            and changed.month = personas.month

)

select * from published
