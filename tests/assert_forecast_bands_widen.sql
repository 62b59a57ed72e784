-- What is published is less sure of each later month: its band reaches no less
-- far up, nor down, unless it ends at zero. (Rounded amounts: 0.00001.)
with forecasts as (

    select * from {{ ref('fct_revenue_forecasts') }}
    where is_published

),

{% set series = 'partition by definition, segmentation, segment_id' -%}
reaches as (

    select
        *,
        {% for level in [80, 95] -%}
        upper_{{ level }}_amount - forecast_amount as above_{{ level }}_amount,
        lag(upper_{{ level }}_amount - forecast_amount) over (
            {{ series }} order by month
        ) as earlier_above_{{ level }}_amount,
        forecast_amount - lower_{{ level }}_amount as below_{{ level }}_amount,
        lag(forecast_amount - lower_{{ level }}_amount) over (
            {{ series }} order by month
        ) as earlier_below_{{ level }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from forecasts

),

failures as (

    select * from reaches
    where
        {% for level in [80, 95] -%}
        above_{{ level }}_amount < earlier_above_{{ level }}_amount - 0.00001
        or (
            lower_{{ level }}_amount > 0
            and below_{{ level }}_amount
            < earlier_below_{{ level }}_amount - 0.00001
        )
        {{ 'or' if not loop.last }}
        {% endfor %}

)

select * from failures
