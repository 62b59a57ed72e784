-- Two months side by side, in counts of the customers who were in both.
{% set frozen, nearest = 'segment_id', 'segment_id' %}

with moves as (

    select * from {{ ref('int_segment_moves') }}

),

beside as (

    select
        segmentation,
        previous_segment_id,
        {{ frozen }} as segment_id,
        {{ nearest }} as nearest_segment_id,
        lag({{ nearest }}) over (
            partition by segmentation, customer_id order by month
        ) as previous_nearest_segment_id,
        month
    from moves

),

compared as (

    select
        segmentation,
        previous_segment_id,
        segment_id,
        cast(count(*) as bigint) as customers,
        cast(sum(
            case
                when nearest_segment_id = previous_nearest_segment_id then 1
                else 0
            end
        ) as bigint) as nearest_stayed,
        month
    from beside
    where previous_segment_id is not null
    group by 1, 2, 3, 6

)

select * from compared
