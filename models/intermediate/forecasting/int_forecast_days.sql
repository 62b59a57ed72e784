-- The days behind the histories, for models that look at weeks. Before an
-- origin only.
with members as (

    select * from {{ ref('int_forecast_members') }}

),

memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

days as (

    select
        customer_id,
        spend_amount,
        order_date,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month
    from {{ ref('int_customer_days_spent') }}

),

cohort as (

    select
        'cohort' as definition,
        members.segmentation,
        members.segment_id,
        members.origin_month,
        days.order_date,
        cast(sum(days.spend_amount) as double) as revenue_amount
    from members
    inner join days
        on
            members.customer_id = days.customer_id
            and days.month between members.first_month and members.origin_month
    group by 2, 3, 4, 5

),

stock_days as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.month,
        days.order_date,
        cast(sum(days.spend_amount) as double) as revenue_amount
    from memberships
    inner join days
        on
            memberships.customer_id = days.customer_id
            and memberships.month = days.month
    group by 1, 2, 3, 4

),

stock as (

    select
        series.definition,
        series.segmentation,
        series.segment_id,
        series.origin_month,
        stock_days.order_date,
        stock_days.revenue_amount
    from series
    inner join stock_days
        on
            series.segmentation = stock_days.segmentation
            and series.segment_id = stock_days.segment_id
            and series.origin_month >= stock_days.month
    where series.definition = 'stock'

),

-- Up to an origin the whole shop is the same by both definitions.
shop as (

    select
        'stock' as definition,
        segmentation,
        segment_id,
        origin_month,
        order_date,
        revenue_amount
    from cohort
    where segmentation = 'total'

),

unioned as (

    select * from cohort
    union all
    select * from stock
    union all
    select * from shop

)

select * from unioned
