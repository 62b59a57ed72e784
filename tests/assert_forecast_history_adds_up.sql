-- In every segmentation and month, today's members add up to the shop.
with revenue_months as (

    select * from {{ ref('fct_segment_revenue_months') }}

),

totals as (

    select * from revenue_months
    where segmentation = 'total'

),

segmentations as (

    select distinct segmentation from revenue_months

),

expected as (

    select
        segmentations.segmentation,
        totals.month,
        totals.revenue_amount
    from segmentations
    cross join totals

),

segmentation_sums as (

    select
        segmentation,
        month,
        sum(revenue_amount) as segments_amount
    from revenue_months
    group by 1, 2

),

failures as (

    select
        expected.segmentation,
        expected.month,
        expected.revenue_amount,
        segmentation_sums.segments_amount
    from expected
    left join segmentation_sums
        on
            expected.segmentation = segmentation_sums.segmentation
            and expected.month = segmentation_sums.month
    where
        abs(
            expected.revenue_amount
            - coalesce(segmentation_sums.segments_amount, 0)
        ) > 0.005

)

select * from failures
