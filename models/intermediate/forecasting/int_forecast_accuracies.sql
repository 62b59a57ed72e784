with scored as (

    select * from {{ ref('int_forecasts_scored') }}

),

judged as (

    select * from {{ ref('int_forecasts_judged') }}

),

origins as (

    select * from {{ ref('int_forecast_origins') }}
    where is_latest

),

-- What was seen in hindsight measures nothing: nobody had those forecasts. Sums
-- of doubles differ in the last digits from run to run: rounded away.
pooled as (

    select
        definition,
        segmentation,
        model,
        sum(case when is_hindsight then 0 else 1 end) as backtests,
        count(distinct case when not is_hindsight then origin_month end)
            as origins,
        sum(case when is_hindsight then 1 else 0 end) as hindsight_backtests,
        {% for name, measure in {
            'mase': 'scaled_error', 'published_mase': 'published_error',
            'smape': 'symmetric_error', 'coverage_80': 'held_80',
            'coverage_95': 'held_95', 'interval_score_80': 'interval_score_80',
            'interval_score_95': 'interval_score_95',
            'own_coverage_80': 'held_own_80',
            'own_interval_score_80': 'interval_score_own_80',
            'weighted_mean_difference': 'weighted_mean_difference',
            'plain_mean_difference': 'plain_mean_difference',
            'prophet_difference': 'prophet_difference',
        }.items() -%}
        round(avg(case when not is_hindsight then {{ measure }} end), 6)
            as {{ name }},
        {% endfor -%}
        sum(case when is_calibrated and not is_hindsight then 1 else 0 end)
            as calibrated_backtests
    from scored
    group by 1, 2, 3

),

-- What the gate knows today of each model.
records as (

    select
        judged.definition,
        judged.segmentation,
        judged.model,
        min(judged.decision) as decision,
        min(judged.mase_difference) as mase_difference,
        min(judged.margin) as margin,
        max(case when judged.is_winner then 1 else 0 end) = 1 as is_winner
    from judged
    inner join origins
        on judged.origin_month = origins.origin_month
    group by 1, 2, 3

),

accuracies as (

    select
        {{ surrogate_key([
            'pooled.definition', 'pooled.segmentation', 'pooled.model'
        ]) }} as forecast_accuracy_id,
        cast(pooled.definition as string) as definition,
        cast(pooled.segmentation as string) as segmentation,
        cast(pooled.model as string) as model,
        cast(records.decision as string) as decision,
        cast(pooled.backtests as bigint) as backtests,
        cast(pooled.origins as bigint) as origins,
        cast(pooled.hindsight_backtests as bigint) as hindsight_backtests,
        cast(pooled.calibrated_backtests as bigint) as calibrated_backtests,
        cast(pooled.mase as double) as mase,
        cast(pooled.published_mase as double) as published_mase,
        cast(pooled.smape as double) as smape,
        cast(pooled.coverage_80 as double) as coverage_80,
        cast(pooled.coverage_95 as double) as coverage_95,
        cast(pooled.interval_score_80 as double) as interval_score_80,
        cast(pooled.interval_score_95 as double) as interval_score_95,
        cast(pooled.own_coverage_80 as double) as own_coverage_80,
        cast(pooled.own_interval_score_80 as double)
            as own_interval_score_80,
        cast(case
            when pooled.model = 'published'
                then pooled.weighted_mean_difference
            else round(records.mase_difference, 6)
        end as double) as mase_difference,
        cast(pooled.plain_mean_difference as double)
            as plain_mean_difference,
        cast(pooled.prophet_difference as double) as prophet_difference,
        cast(round(records.margin, 6) as double) as margin,
        coalesce(records.is_winner, false) as is_winner
    from pooled
    left join records
        on
            pooled.definition = records.definition
            and pooled.segmentation = records.segmentation
            and pooled.model = records.model

)

select * from accuracies
