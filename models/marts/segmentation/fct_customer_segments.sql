-- Every customer of a month is in exactly one segment of each segmentation.
with moves as (

    select * from {{ ref('int_segment_moves') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

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
        coalesce(segments.persona, changed.segment_id) as persona,
        cast(changed.distance as double) as distance,
        cast(changed.confidence as double) as confidence,
        changed.is_in_transition,
        changed.month,
        changed.changed_month
    from changed
    left join segments
        on changed.segment_id = segments.segment_id

)

select * from published
