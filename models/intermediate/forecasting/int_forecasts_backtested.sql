with projections as (

    select * from {{ ref('int_revenue_projections') }}

),

segment_revenue_months as (

    select * from {{ ref('int_segment_revenue_months') }}

),

changes as (

    select
        *,
        abs(revenue_amount - lag(revenue_amount) over (
            partition by segmentation, segment_id
            order by month
        )) as change_amount
    from segment_revenue_months

),

-- What repeating last month has cost on average, as known at each month.
scales as (

    select
        *,
        avg(change_amount) over (
            partition by segmentation, segment_id
            order by month
            rows between unbounded preceding and current row
        ) as scale_amount
    from changes

),

-- The real forecast falls away here: its months have no actual yet.
joined as (

    select
        projections.segmentation,
        projections.segment_id,
        projections.model,
        projections.horizon,
        round(actuals.revenue_amount, 6) as actual_amount,
        projections.forecast_amount,
        projections.lower_80_amount,
        projections.upper_80_amount,
        projections.lower_95_amount,
        projections.upper_95_amount,
        round(scales.scale_amount, 6) as scale_amount,
        count(*) over (
            partition by
                projections.segmentation, projections.segment_id,
                projections.origin_month, projections.month
        ) as models_here,
        cast(projections.origin_month as date) as origin_month,
        cast(projections.month as date) as month
    from projections
    inner join segment_revenue_months as actuals
        on
            projections.segmentation = actuals.segmentation
            and projections.segment_id = actuals.segment_id
            and cast(projections.month as date) = actuals.month
    inner join scales
        on
            projections.segmentation = scales.segmentation
            and projections.segment_id = scales.segment_id
            and cast(projections.origin_month as date) = scales.month

),

backtested as (

    select
        {{ surrogate_key([
            'segmentation', 'segment_id', 'model', 'origin_month', 'month'
        ]) }} as forecast_backtest_id,
        *,
        models_here = max(models_here) over (partition by segmentation)
            as is_comparable
    from joined

)

select * from backtested
