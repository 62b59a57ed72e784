-- Both views are in every row, made of nothing later than the origin month.
with forecasts as (

    select * from {{ ref('int_forecasts_reconciled') }}
    where definition = 'stock' and is_published

),

expectations as (

    select * from {{ ref('int_segment_expectations') }}

),

backtests as (

    select * from {{ ref('int_forecasts_backtested') }}
    where definition = 'stock' and model = 'published'

),

histories as (

    select * from {{ ref('int_forecast_histories') }}
    where definition = 'stock'

),

-- What a member spends in a month: the mean of the last three that are known.
spends as (

    select
        segmentation,
        segment_id,
        origin_month,
        {{ ratio('sum(revenue_amount)', 'sum(customers)') }} as spend_amount
    from histories
    where
        is_known
        and month > {{ dbt.dateadd('month', -3, 'origin_month') }}
    group by 1, 2, 3

),

joined as (

    select
        forecasts.segmentation,
        forecasts.segment_id,
        expectations.horizon_months,
        forecasts.forecast_amount as series_amount,
        expectations.expected_customers,
        spends.spend_amount,
        greatest(
            expectations.expected_customers * spends.spend_amount, 0
        ) as expected_amount,
        backtests.actual_amount,
        forecasts.origin_month,
        forecasts.month
    from forecasts
    inner join expectations
        on
            forecasts.segmentation = expectations.segmentation
            and forecasts.segment_id = expectations.segment_id
            and forecasts.origin_month = expectations.origin_month
            and forecasts.month = expectations.month
    inner join spends
        on
            forecasts.segmentation = spends.segmentation
            and forecasts.segment_id = spends.segment_id
            and forecasts.origin_month = spends.origin_month
    left join backtests
        on
            forecasts.segmentation = backtests.segmentation
            and forecasts.segment_id = backtests.segment_id
            and forecasts.origin_month = backtests.origin_month
            and forecasts.month = backtests.month
    where spends.spend_amount is not null

),

published as (

    select
        {{ surrogate_key([
            'segmentation', 'segment_id', 'origin_month', 'month'
        ]) }} as forecast_view_id,
        cast(segmentation as string) as segmentation,
        cast(segment_id as string) as segment_id,
        cast(horizon_months as bigint) as horizon_months,
        cast(round(series_amount, 6) as double) as series_amount,
        cast(round(expected_customers, 6) as double) as expected_customers,
        cast(round(spend_amount, 6) as double) as spend_amount,
        cast(round(expected_amount, 6) as double) as expected_amount,
        round({{ ratio(
            '2 * abs(series_amount - expected_amount)',
            'series_amount + expected_amount'
        ) }}, 6) as disagreement_share,
        cast(round(actual_amount, 6) as double) as actual_amount,
        cast(origin_month as date) as origin_month,
        cast(month as date) as month
    from joined

)

select * from published
