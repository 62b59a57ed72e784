-- Every segment and month that is forecast has exactly one published model.
with forecasts as (

    select * from {{ ref('fct_revenue_forecasts') }}

),

counted as (

    select
        segmentation,
        segment_id,
        month,
        sum(case when is_published then 1 else 0 end) as published_models
    from forecasts
    group by 1, 2, 3

),

failures as (

    select * from counted
    where published_models <> 1

)

select * from failures
