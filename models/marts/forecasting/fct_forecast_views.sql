-- The two views of the segment are in every row, made of nothing later than the
-- origin month; the third is of its customers of that month alone.
with forecasts as (

    select * from {{ ref('int_forecasts_followed') }}
    where stock_amount is not null

),

expectations as (

    select * from {{ ref('int_segment_expectations') }}

),

spends as (

    select * from {{ ref('int_segment_spends') }}
    where spend_amount is not null

),

segment_values as (

    select * from {{ ref('fct_segment_values') }}

),

unscored as (

    select
        month,
        max(unscored_reason) as unscored_reason
    from {{ ref('fct_customer_values') }}
    group by 1

),

joined as (

    select
        forecasts.segmentation,
        forecasts.segment_id,
        expectations.horizon_months,
        forecasts.stock_amount as series_amount,
        expectations.expected_customers,
        spends.spend_amount,
        greatest(
            expectations.expected_customers * spends.spend_amount, 0
        ) as expected_amount,
        forecasts.stock_actual_amount as actual_amount,
        forecasts.cohort_amount,
        {{ ratio('segment_values.value_12m_amount', '12') }} as values_amount,
        case when segment_values.value_12m_amount is null then coalesce(
            unscored.unscored_reason, 'Nobody was in it at the origin.'
        ) end as values_reason,
        forecasts.cohort_actual_amount,
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
    left join segment_values
        on
            forecasts.segmentation = segment_values.segmentation
            and forecasts.segment_id = segment_values.segment_id
            and forecasts.origin_month = segment_values.month
    left join unscored
        on forecasts.origin_month = unscored.month

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
        {% for amount in [
            'actual_amount', 'cohort_amount', 'values_amount',
            'cohort_actual_amount'
        ] -%}
        cast(round({{ amount }}, 6) as double) as {{ amount }},
        {% endfor -%}
        cast(values_reason as string) as values_reason,
        cast(origin_month as date) as origin_month,
        cast(month as date) as month
    from joined

)

select * from published
