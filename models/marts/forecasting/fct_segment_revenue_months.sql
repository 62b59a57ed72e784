with segment_revenue_months as (

    select * from {{ ref('int_segment_revenue_months') }}

),

published as (

    select
        {{ surrogate_key(['segmentation', 'segment_id', 'month']) }}
            as segment_revenue_month_id,
        cast(segmentation as string) as segmentation,
        cast(segment_id as string) as segment_id,
        cast(customers as bigint) as customers,
        cast(orders as bigint) as orders,
        cast(round(revenue_amount, 6) as double) as revenue_amount,
        cast(month as date) as month
    from segment_revenue_months

)

select * from published
