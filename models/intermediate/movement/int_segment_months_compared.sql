-- Two months side by side, in counts of the customers who were in both.
-- Both are seen by the map of the first.
with moves as (

    select * from {{ ref('int_segment_moves') }}

),

compared as (

    select
        segmentation,
        previous_segment_id,
        frozen_segment_id as segment_id,
        cast(count(*) as bigint) as customers,
        cast(sum(
            case
                when nearest_segment_id = previous_nearest_segment_id then 1
                else 0
            end
        ) as bigint) as nearest_stayed,
        month
    from moves
    where previous_segment_id is not null
    group by 1, 2, 3, 6

)

select * from compared
