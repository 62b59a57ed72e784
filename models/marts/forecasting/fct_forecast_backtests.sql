-- No forecast knew a month after its origin, but for the map where
-- is_hindsight; only months that have come are here.
with backtests as (

    select * from {{ ref('int_forecasts_backtested') }}

),

published as (

    select
        forecast_backtest_id,
        cast(definition as string) as definition,
        cast(segmentation as string) as segmentation,
        cast(segment_id as string) as segment_id,
        cast(model as string) as model,
        cast(chosen_model as string) as chosen_model,
        cast(horizon as bigint) as horizon,
        {% for amount in [
            'actual_amount',
            'forecast_amount',
            'lower_80_amount',
            'upper_80_amount',
            'lower_95_amount',
            'upper_95_amount',
            'own_lower_80_amount',
            'own_upper_80_amount',
            'scale_amount',
        ] -%}
        cast(round({{ amount }}, 6) as double) as {{ amount }},
        {% endfor -%}
        is_calibrated,
        is_hindsight,
        origin_month,
        month
    from backtests

)

select * from published
