-- What a forecast may know (up to the origin), and what came after it. Dense: a
-- month without orders is a row with zeros.
with series as (

    select * from {{ ref('int_forecast_series') }}

),

cohort_months as (

    select * from {{ ref('int_forecast_cohort_months') }}

),

stock_months as (

    select * from {{ ref('int_forecast_stock_months') }}

),

months as (

    select * from {{ ref('int_months') }}

),

spined as (

    select
        series.*,
        months.month
    from series
    inner join months
        on
            months.month between series.first_month and series.last_month
            and months.month <= {{ dbt.dateadd(
                'month', var('forecast_horizon_months'), 'series.origin_month'
            ) }}

),

-- Members of an origin are customers from their first order on.
counted as (

    select
        spined.definition,
        spined.segmentation,
        spined.segment_id,
        case
            when spined.definition = 'stock'
                then coalesce(stock_months.customers, 0)
            else sum(coalesce(cohort_months.new_customers, 0)) over (
                partition by
                    spined.definition, spined.segmentation,
                    spined.segment_id, spined.origin_month
                order by spined.month
                rows between unbounded preceding and current row
            )
        end as customers,
        coalesce(stock_months.orders, cohort_months.orders, 0) as orders,
        coalesce(
            stock_months.revenue_amount, cohort_months.revenue_amount, 0
        ) as revenue_amount,
        spined.month <= spined.origin_month as is_known,
        spined.is_hindsight,
        spined.origin_month,
        spined.month
    from spined
    left join cohort_months
        on
            spined.definition = 'cohort'
            and spined.segmentation = cohort_months.segmentation
            and spined.segment_id = cohort_months.segment_id
            and spined.origin_month = cohort_months.origin_month
            and spined.month = cohort_months.month
    left join stock_months
        on
            spined.definition = 'stock'
            and spined.segmentation = stock_months.segmentation
            and spined.segment_id = stock_months.segment_id
            and spined.month = stock_months.month

),

histories as (

    select
        definition,
        segmentation,
        segment_id,
        cast(customers as bigint) as customers,
        cast(orders as bigint) as orders,
        cast(revenue_amount as double) as revenue_amount,
        is_known,
        is_hindsight,
        origin_month,
        month
    from counted

)

select * from histories
