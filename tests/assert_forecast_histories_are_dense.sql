-- A segment's history has no gap, and reaches the latest month of the shop.
with revenue_months as (

    select * from {{ ref('fct_segment_revenue_months') }}

),

latest_months as (

    select max(month) as latest_month from revenue_months

),

histories as (

    select
        segmentation,
        segment_id,
        count(*) as months,
        min(month) as first_month,
        max(month) as last_month
    from revenue_months
    group by 1, 2

),

failures as (

    select histories.*
    from histories
    cross join latest_months
    where
        histories.last_month <> latest_months.latest_month
        or histories.months <> 1 + {{ dbt.datediff(
            'histories.first_month', 'latest_months.latest_month', 'month'
        ) }}

)

select * from failures
