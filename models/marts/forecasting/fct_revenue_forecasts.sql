-- A series has one published model for all its months; published segments add
-- up to the published total, to the cent.
with reconciled as (

    select * from {{ ref('int_forecasts_reconciled') }}

),

origins as (

    select * from {{ ref('int_forecast_origins') }}
    where is_latest

),

published as (

    select
        {{ surrogate_key([
            'reconciled.definition', 'reconciled.segmentation',
            'reconciled.segment_id', 'reconciled.model', 'reconciled.month'
        ]) }} as revenue_forecast_id,
        cast(reconciled.definition as string) as definition,
        cast(reconciled.segmentation as string) as segmentation,
        cast(reconciled.segment_id as string) as segment_id,
        cast(reconciled.model as string) as model,
        cast(reconciled.decision as string) as decision,
        cast(reconciled.reason as string) as reason,
        cast(reconciled.horizon as bigint) as horizon,
        cast(reconciled.history_months as bigint) as history_months,
        {% for amount in [
            'forecast_amount', 'lower_80_amount', 'upper_80_amount',
            'lower_95_amount', 'upper_95_amount', 'own_lower_80_amount',
            'own_upper_80_amount', 'mase_difference', 'margin',
        ] -%}
        cast(round(reconciled.{{ amount }}, 6) as double) as {{ amount }},
        {% endfor -%}
        reconciled.is_published,
        reconciled.is_calibrated,
        reconciled.month
    from reconciled
    inner join origins
        on reconciled.origin_month = origins.origin_month

)

select * from published
