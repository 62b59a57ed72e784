-- From every origin and by each definition, published segments add up to the
-- published total, to the cent.
with forecasts as (

    select * from {{ ref('int_forecasts_reconciled') }}
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
        origin_month,
        month,
        sum(forecast_amount) as segments_amount
    from forecasts
    group by 1, 2, 3, 4

),

failures as (

    select
        segmentation_sums.*,
        totals.forecast_amount as total_amount
    from segmentation_sums
    left join totals
        on
            segmentation_sums.definition = totals.definition
            and segmentation_sums.origin_month = totals.origin_month
            and segmentation_sums.month = totals.month
    where
        totals.forecast_amount is null
        or abs(segmentation_sums.segments_amount - totals.forecast_amount)
        > 0.005

)

select * from failures
