-- The total is forecast by itself and, once more, as the sum of the segments of
-- every segmentation: the mean of these is published.
with judged as (

    select * from {{ ref('int_forecasts_judged') }}
    where is_published

),

totals as (

    select
        definition,
        segmentation,
        sum(forecast_amount) as segments_amount,
        avg(sum(forecast_amount)) over (
            partition by definition, origin_month, month
        ) as total_amount,
        count(*) as segments,
        origin_month,
        month
    from judged
    group by 1, 2, 6, 7

)

select * from totals
