-- Published segments are scaled to one published total of their definition.
-- Where all are forecast as zero and the total is not, they share it.
with judged as (

    select * from {{ ref('int_forecasts_judged') }}

),

-- The total is forecast by itself and, once more, as the sum of the segments of
-- every segmentation: the mean of these is published.
sums as (

    select
        definition,
        segmentation,
        is_published,
        sum(forecast_amount) as segments_amount,
        count(*) as segments,
        avg(sum(forecast_amount)) over (
            partition by definition, origin_month, month
        ) as total_amount,
        origin_month,
        month
    from judged
    where is_published
    group by 1, 2, 3, 7, 8

),

scaled as (

    select
        judged.*,
        case
            when sums.segments_amount > 0
                then
                    judged.forecast_amount
                    * sums.total_amount / sums.segments_amount
            when sums.segments_amount = 0
                then sums.total_amount / sums.segments
            else judged.forecast_amount
        end as scaled_amount
    from judged
    left join sums
        on
            judged.definition = sums.definition
            and judged.segmentation = sums.segmentation
            and judged.origin_month = sums.origin_month
            and judged.month = sums.month
            and judged.is_published = sums.is_published

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
