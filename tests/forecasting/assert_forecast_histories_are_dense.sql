-- A history has no gap, and its known part reaches the origin.
with histories as (

    select * from {{ ref('int_forecast_histories') }}

),

spans as (

    select
        definition,
        segmentation,
        segment_id,
        origin_month,
        count(*) as months,
        min(month) as first_month,
        max(month) as last_month,
        max(case when is_known then month end) as last_known_month
    from histories
    group by 1, 2, 3, 4

),

failures as (

    select * from spans
    where
        last_known_month is null
        or last_known_month <> origin_month
        or months
        <> 1 + {{ dbt.datediff('first_month', 'last_month', 'month') }}

)

select * from failures
