-- A warning: pooled over all calibrated backtests of a definition, the
-- published 80 % band held a share of what came that is farther from 0.8 than
-- the var coverage_tolerance. Fewer than 100 backtests say little.
{{ config(severity='warn') }}

with backtests as (

    select * from {{ ref('int_forecasts_scored') }}
    where model = 'published' and is_calibrated

),

pooled as (

    select
        definition,
        count(*) as backtests,
        avg(held_80) as coverage_80
    from backtests
    group by 1

),

failures as (

    select * from pooled
    where
        backtests >= 100
        and round(abs(coverage_80 - 0.8), 6) > {{ var('coverage_tolerance') }}

)

select * from failures
