-- Two months side by side: customers who stayed, and pairs of customers who
-- share a segment before, after, and both times. Chance keeps the product of a
-- segment's sizes before and after.
with moves as (

    select * from {{ ref('int_segment_moves') }}
    where previous_segment_id is not null

),

cells as (

    select
        segmentation,
        month,
        previous_segment_id,
        segment_id,
        cast(count(*) as double) as customers
    from moves
    group by 1, 2, 3, 4

),

sizes_before as (

    select
        segmentation,
        month,
        previous_segment_id as segment_id,
        sum(customers) as customers
    from cells
    group by 1, 2, 3

),

sizes_after as (

    select
        segmentation,
        month,
        segment_id,
        sum(customers) as customers
    from cells
    group by 1, 2, 3

),

sizes as (

    select
        sizes_before.segmentation,
        sizes_before.month,
        sum(sizes_before.customers * (sizes_before.customers - 1)) / 2
            as pairs_before,
        sum(sizes_before.customers * coalesce(sizes_after.customers, 0))
            as stayed_by_chance
    from sizes_before
    left join sizes_after
        on
            sizes_before.segmentation = sizes_after.segmentation
            and sizes_before.month = sizes_after.month
            and sizes_before.segment_id = sizes_after.segment_id
    group by 1, 2

),

pairs_after as (

    select
        segmentation,
        month,
        sum(customers * (customers - 1)) / 2 as pairs_after
    from sizes_after
    group by 1, 2

),

stays as (

    select
        segmentation,
        month,
        sum(customers) as customers,
        sum(
            case when previous_segment_id = segment_id then customers else 0 end
        ) as stayed,
        sum(customers * (customers - 1)) / 2 as pairs
    from cells
    group by 1, 2

),

compared as (

    select
        stays.*,
        sizes.pairs_before,
        sizes.stayed_by_chance,
        pairs_after.pairs_after
    from stays
    inner join sizes
        on
            stays.segmentation = sizes.segmentation
            and stays.month = sizes.month
    inner join pairs_after
        on
            stays.segmentation = pairs_after.segmentation
            and stays.month = pairs_after.month

)

select * from compared
