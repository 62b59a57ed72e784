-- What is published from every origin of both definitions, beside what came.
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
        forecasts.segmentation,
        forecasts.segment_id,
        {% for definition in ['stock', 'cohort'] -%}
        max(case when forecasts.definition = '{{ definition }}'
            then forecasts.forecast_amount end) as {{ definition }}_amount,
        max(case when forecasts.definition = '{{ definition }}'
            then backtests.actual_amount end) as {{ definition }}_actual_amount,
        {% endfor -%}
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
    group by 1, 2, 7, 8

)

select * from followed
