-- Paths through three months. A month's segment is that of the map of the month
-- before, so that a map redrawn is no move; sizes are by the month's own map.

with moves as (

    select * from {{ ref('int_segment_moves') }}

),

paths as (

    select
        segmentation,
        month,
        lag(previous_segment_id) over (
            partition by segmentation, customer_id order by month
        ) as earlier_segment_id,
        previous_segment_id,
        frozen_segment_id,
        segment_id
    from moves

),

counted as (

    select
        segmentation,
        month,
        earlier_segment_id,
        previous_segment_id,
        frozen_segment_id,
        segment_id,
        cast(count(*) as bigint) as customers
    from paths
    group by 1, 2, 3, 4, 5, 6

),

keyed as (

    select
        {{ surrogate_key([
            'segmentation', 'month', 'earlier_segment_id',
            'previous_segment_id', 'frozen_segment_id', 'segment_id'
        ]) }} as segment_transition_id,
        counted.*
    from counted

)

select * from keyed
