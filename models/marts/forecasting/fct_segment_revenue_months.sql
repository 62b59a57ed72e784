-- No month is missing; the total is what the shop sold, but for returns of what
-- nobody has bought here.
with histories as (

    select * from {{ ref('int_forecast_histories') }}
    where is_known

),

origins as (

    select * from {{ ref('int_forecast_origins') }}
    where is_latest

),

published as (

    select
        {{ surrogate_key([
            'histories.definition', 'histories.segmentation',
            'histories.segment_id', 'histories.month'
        ]) }} as segment_revenue_month_id,
        cast(histories.definition as string) as definition,
        cast(histories.segmentation as string) as segmentation,
        cast(histories.segment_id as string) as segment_id,
        cast(histories.customers as bigint) as customers,
        cast(histories.orders as bigint) as orders,
        cast(round(histories.revenue_amount, 6) as double) as revenue_amount,
        cast(histories.month as date) as month
    from histories
    inner join origins
        on histories.origin_month = origins.origin_month

)

select * from published
