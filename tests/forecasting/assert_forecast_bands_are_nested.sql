-- No forecast and no bound is below zero, and the bands nest around it.
with forecasts as (

    select * from {{ ref('fct_revenue_forecasts') }}

),

backtests as (

    select * from {{ ref('fct_forecast_backtests') }}

),

stacked as (

    select
        revenue_forecast_id as forecast_id,
        forecast_amount,
        lower_80_amount,
        upper_80_amount,
        lower_95_amount,
        upper_95_amount
    from forecasts
    union all
    select
        forecast_backtest_id as forecast_id,
        forecast_amount,
        lower_80_amount,
        upper_80_amount,
        lower_95_amount,
        upper_95_amount
    from backtests

),

failures as (

    select * from stacked
    where
        not (
            lower_95_amount >= 0
            and lower_95_amount <= lower_80_amount
            and lower_80_amount <= forecast_amount
            and forecast_amount <= upper_80_amount
            and upper_80_amount <= upper_95_amount
        )

)

select * from failures
