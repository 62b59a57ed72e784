-- Published segments are scaled to the published total of their definition.
-- Where all segments are forecast as zero and the total is not, they share it.
with judged as (

    select * from {{ ref('int_forecasts_judged') }}

),

sums as (

    select
        definition,
        segmentation,
        is_published,
        sum(forecast_amount) as segments_amount,
        count(*) as segments,
        origin_month,
        month
    from judged
    where is_published
    group by 1, 2, 3, 6, 7

),

scales as (

    select
        sums.definition,
        sums.segmentation,
        sums.is_published,
        case
            when sums.segments_amount > 0
                then totals.segments_amount / sums.segments_amount
            else 1
        end as factor,
        case
            when sums.segments_amount > 0 then 0
            else totals.segments_amount / sums.segments
        end as share_amount,
        sums.origin_month,
        sums.month
    from sums
    inner join sums as totals
        on
            sums.definition = totals.definition
            and sums.origin_month = totals.origin_month
            and sums.month = totals.month
            and totals.segmentation = 'total'

),

scaled as (

    select
        judged.*,
        judged.forecast_amount * coalesce(scales.factor, 1)
        + coalesce(scales.share_amount, 0) as scaled_amount
    from judged
    left join scales
        on
            judged.definition = scales.definition
            and judged.segmentation = scales.segmentation
            and judged.origin_month = scales.origin_month
            and judged.month = scales.month
            and judged.is_published = scales.is_published

),

-- Sums of doubles differ in the last digits from run to run: rounded away.
-- A band moves with its forecast and keeps its reach, which is what was
-- calibrated. A lower end of zero stays: how far it reaches is not known.
reconciled as (

    select
        definition,
        segmentation,
        segment_id,
        model,
        decision,
        reason,
        horizon,
        history_months,
        gate_backtests,
        scale_amount,
        round(scaled_amount, 6) as forecast_amount,
        {% for level in [80, 95] -%}
        {% set bound = 'lower_' ~ level ~ '_amount' -%}
        case
            when {{ bound }} = 0 then 0
            when {{ bound }} > 0 then round(greatest(
                scaled_amount - (forecast_amount - {{ bound }}), 0
            ), 6)
        end as {{ bound }},
        {% set bound = 'upper_' ~ level ~ '_amount' -%}
        round(
            scaled_amount + ({{ bound }} - forecast_amount), 6
        ) as {{ bound }},
        {% endfor -%}
        own_lower_80_amount,
        own_upper_80_amount,
        mase_difference,
        margin,
        is_winner,
        is_published,
        is_calibrated,
        cast(origin_month as date) as origin_month,
        cast(month as date) as month
    from scaled

)

select * from reconciled
