-- Published segments add up to the shop's published total, to the cent.
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
        segmentation,
        month,
        sum(forecast_amount) as segments_amount
    from forecasts
    group by 1, 2

),

failures as (

    select
        segmentation_sums.segmentation,
        segmentation_sums.month,
        segmentation_sums.segments_amount,
        totals.forecast_amount as total_amount
    from segmentation_sums
    left join totals on segmentation_sums.month = totals.month
    where
        totals.forecast_amount is null
        or abs(segmentation_sums.segments_amount - totals.forecast_amount)
        > 0.005

)

select * from failures
