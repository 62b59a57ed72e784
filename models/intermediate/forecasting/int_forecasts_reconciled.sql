-- Published segments are scaled to one published total of their definition.
-- Where all are forecast as zero and the total is not, they share it.
with judged as (

    select * from {{ ref('int_forecasts_judged') }}

),

totals as (

    select * from {{ ref('int_forecast_totals') }}

),

scaled as (

    select
        judged.*,
        case
            when totals.segments_amount > 0
                then
                    judged.forecast_amount
                    * totals.total_amount / totals.segments_amount
            when totals.segments_amount = 0
                then totals.total_amount / totals.segments
            else judged.forecast_amount
        end as scaled_amount
    from judged
    left join totals
        on
            judged.definition = totals.definition
            and judged.segmentation = totals.segmentation
            and judged.origin_month = totals.origin_month
            and judged.month = totals.month
            and judged.is_published

),

-- A band moves with its forecast and keeps its reach, which is what was
-- calibrated. A lower end of zero stays: how far it reaches is not known.
moved as (

    select
        *,
        {% for level in [80, 95] -%}
        {% set lower = 'lower_' ~ level ~ '_amount' -%}
        case
            when {{ lower }} = 0 then {{ lower }}
            when {{ lower }} > 0 then greatest(
                scaled_amount - (forecast_amount - {{ lower }}),
                cast(0 as double)
            )
        end as moved_lower_{{ level }}_amount,
        scaled_amount + (upper_{{ level }}_amount - forecast_amount)
            as moved_upper_{{ level }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from scaled

),

-- Nothing is surer of a later month: a band that would get narrower, cut off at
-- zero or moved, gets its upper end raised.
widened as (

    select
        *,
        {% for level in [80, 95] -%}
        moved_lower_{{ level }}_amount + max(
            moved_upper_{{ level }}_amount - moved_lower_{{ level }}_amount
        ) over (
            partition by
                definition, segmentation, segment_id, model, origin_month
            order by month
            rows between unbounded preceding and current row
        ) as wide_upper_{{ level }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from moved

),

-- Sums of doubles differ in the last digits from run to run: rounded away.
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
        round(moved_lower_80_amount, 6) as lower_80_amount,
        round(wide_upper_80_amount, 6) as upper_80_amount,
        round(moved_lower_95_amount, 6) as lower_95_amount,
        round(greatest(wide_upper_80_amount, wide_upper_95_amount), 6)
            as upper_95_amount,
        own_lower_80_amount,
        own_upper_80_amount,
        mase_difference,
        margin,
        is_winner,
        is_published,
        is_calibrated,
        cast(origin_month as date) as origin_month,
        cast(month as date) as month
    from widened

)

select * from reconciled
