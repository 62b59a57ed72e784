-- The total's band is not the sum of the segments' bands: errors of segments
-- cancel in part. Fails where every month of a segmentation says the sum.
with forecasts as (

    select * from {{ ref('fct_revenue_forecasts') }}
    where is_published

),

totals as (

    select * from forecasts
    where segmentation = 'total'

),

segmentation_sums as (

    select
        definition,
        segmentation,
        month,
        sum(case when upper_80_amount > forecast_amount then 1 else 0 end)
            as banded_segments,
        sum(upper_80_amount) as upper_80_amount,
        sum(upper_95_amount) as upper_95_amount
    from forecasts
    where segmentation <> 'total'
    group by 1, 2, 3

),

compared as (

    select
        segmentation_sums.definition,
        segmentation_sums.segmentation,
        max(abs(
            segmentation_sums.upper_80_amount - totals.upper_80_amount
        )) as difference_80_amount,
        max(abs(
            segmentation_sums.upper_95_amount - totals.upper_95_amount
        )) as difference_95_amount
    from segmentation_sums
    inner join totals
        on
            segmentation_sums.definition = totals.definition
            and segmentation_sums.month = totals.month
    where segmentation_sums.banded_segments > 1
    group by 1, 2

),

failures as (

    select * from compared
    where difference_80_amount <= 0.005 and difference_95_amount <= 0.005

)

select * from failures
