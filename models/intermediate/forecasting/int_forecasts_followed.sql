-- What is published from every origin of both definitions, beside what came.
with forecasts as (

    select * from {{ ref('int_forecasts_reconciled') }}
    where is_published

),

backtests as (

    select * from {{ ref('int_forecasts_backtested') }}
    where model = 'published'

),

joined as (

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

),

followed as (

    select
        segmentation,
        segment_id,
        {% for definition in ['stock', 'cohort'] -%}
        max(case when definition = '{{ definition }}' then forecast_amount end)
            as {{ definition }}_amount,
        max(case when definition = '{{ definition }}' then actual_amount end)
            as {{ definition }}_actual_amount,
        {% endfor -%}
        origin_month,
        month
    from joined
    group by 1, 2, 7, 8

)

select * from followed
