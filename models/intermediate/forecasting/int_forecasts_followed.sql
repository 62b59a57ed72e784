-- What is published from every origin, beside what the month brought.
with forecasts as (

    select * from {{ ref('int_forecasts_reconciled') }}
    where is_published

),

backtests as (

    select * from {{ ref('int_forecasts_backtested') }}
    where model = 'published'

),

followed as (

    select
        forecasts.definition,
        forecasts.segmentation,
        forecasts.segment_id,
        forecasts.forecast_amount,
        backtests.actual_amount,
        forecasts.origin_month,
        forecasts.month
    from forecasts
    left join backtests
        on
            forecasts.definition = backtests.definition
            and forecasts.segmentation = backtests.segmentation
            and forecasts.segment_id = backtests.segment_id
            and forecasts.origin_month = backtests.origin_month
            and forecasts.month = backtests.month

)

select * from followed
