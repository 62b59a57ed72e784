with backtests as (

    select * from {{ ref('int_forecasts_backtested') }}
    where is_comparable

),

scored as (

    select
        segmentation,
        model,
        abs(actual_amount - forecast_amount)
        / nullif(scale_amount, 0) as scaled_error,
        case
            when actual_amount = forecast_amount then 0
            else
                2 * abs(actual_amount - forecast_amount)
                / (abs(actual_amount) + abs(forecast_amount))
        end as symmetric_error,
        case
            when actual_amount between lower_80_amount and upper_80_amount
                then 1
            else 0
        end as is_in_80,
        case
            when actual_amount between lower_95_amount and upper_95_amount
                then 1
            else 0
        end as is_in_95,
        -- A miss costs 2 / (1 - 0.80) times its distance from the band.
        (
            upper_80_amount - lower_80_amount
            + 10 * greatest(lower_80_amount - actual_amount, 0)
            + 10 * greatest(actual_amount - upper_80_amount, 0)
        ) / nullif(scale_amount, 0) as interval_score_80
    from backtests

),

-- Sums of doubles differ in the last digits from run to run: rounded away.
pooled as (

    select
        segmentation,
        model,
        count(*) as backtests,
        round(avg(scaled_error), 6) as mase,
        round(avg(symmetric_error), 6) as smape,
        round(avg(is_in_80), 6) as coverage_80,
        round(avg(is_in_95), 6) as coverage_95,
        round(avg(interval_score_80), 6) as interval_score_80
    from scored
    group by 1, 2

),

-- A tie, or nothing to scale by, goes to naive: the first by name.
published as (

    select
        {{ surrogate_key(['segmentation', 'model']) }}
            as forecast_accuracy_id,
        cast(segmentation as string) as segmentation,
        cast(model as string) as model,
        cast(backtests as bigint) as backtests,
        cast(mase as double) as mase,
        cast(smape as double) as smape,
        cast(coverage_80 as double) as coverage_80,
        cast(coverage_95 as double) as coverage_95,
        cast(interval_score_80 as double) as interval_score_80,
        row_number() over (
            partition by segmentation
            order by case when mase is null then 1 else 0 end, mase, model
        ) = 1 as is_winner
    from pooled

)

select * from published
