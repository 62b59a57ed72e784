with forecasts as (

    select * from {{ ref('int_forecasts_backtested') }}

),

published as (

    select
        forecast_backtest_id,
        cast(segmentation as string) as segmentation,
        cast(segment_id as string) as segment_id,
        cast(model as string) as model,
        cast(horizon as bigint) as horizon,
        cast(actual_amount as double) as actual_amount,
        cast(forecast_amount as double) as forecast_amount,
        cast(lower_80_amount as double) as lower_80_amount,
        cast(upper_80_amount as double) as upper_80_amount,
        cast(lower_95_amount as double) as lower_95_amount,
        cast(upper_95_amount as double) as upper_95_amount,
        cast(origin_month as date) as origin_month,
        cast(month as date) as month
    from forecasts

)

select * from published
