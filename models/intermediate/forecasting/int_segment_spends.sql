-- What a member spends in a month: the mean of the last three that are known.
with histories as (

    select * from {{ ref('int_forecast_histories') }}
    where definition = 'stock'

),

spends as (

    select
        segmentation,
        segment_id,
        {{ ratio('sum(revenue_amount)', 'sum(customers)') }} as spend_amount,
        origin_month
    from histories
    where
        is_known
        and month > {{ dbt.dateadd('month', -3, 'origin_month') }}
    group by 1, 2, 4

)

select * from spends
