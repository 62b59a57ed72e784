-- What was forecast, beside what came: every model as it came, and what was
-- published from that origin. The latest forecast falls away here.
with judged as (

    select * from {{ ref('int_forecasts_judged') }}

),

reconciled as (

    select * from {{ ref('int_forecasts_reconciled') }}
    where is_published

),

histories as (

    select * from {{ ref('int_forecast_histories') }}

),

{% set columns -%}
        horizon,
        forecast_amount,
        lower_80_amount,
        upper_80_amount,
        lower_95_amount,
        upper_95_amount,
        own_lower_80_amount,
        own_upper_80_amount,
        scale_amount,
        is_calibrated,
        cast(origin_month as date) as origin_month,
        cast(month as date) as month
{%- endset -%}

unioned as (

    select
        definition,
        segmentation,
        segment_id,
        model,
        model as chosen_model,
        {{ columns }}
    from judged
    union all
    select
        definition,
        segmentation,
        segment_id,
        'published' as model,
        model as chosen_model,
        {{ columns }}
    from reconciled

),

backtested as (

    select
        {{ surrogate_key([
            'unioned.definition', 'unioned.segmentation',
            'unioned.segment_id', 'unioned.model', 'unioned.origin_month',
            'unioned.month'
        ]) }} as forecast_backtest_id,
        unioned.*,
        round(histories.revenue_amount, 6) as actual_amount,
        histories.is_hindsight
    from unioned
    inner join histories
        on
            unioned.definition = histories.definition
            and unioned.segmentation = histories.segmentation
            and unioned.segment_id = histories.segment_id
            and unioned.origin_month = histories.origin_month
            and unioned.month = histories.month

)

select * from backtested
