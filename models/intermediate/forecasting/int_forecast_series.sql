-- What is forecast from which origin, and over which months it is known.
with origins as (

    select * from {{ ref('int_forecast_origins') }}

),

cohort_months as (

    select * from {{ ref('int_forecast_cohort_months') }}

),

stock_months as (

    select * from {{ ref('int_forecast_stock_months') }}

),

models as (

    select * from {{ ref('int_models_in_force') }}

),

latest as (

    select max(month) as month from stock_months

),

maps as (

    select
        stock_months.segmentation,
        stock_months.model_version,
        max(stock_months.month) as last_month,
        max(models.fitted_to) as fitted_to
    from stock_months
    left join models
        on
            stock_months.segmentation = models.segmentation
            and stock_months.model_version = models.model_version
    group by 1, 2

),

segments as (

    select
        segmentation,
        segment_id,
        model_version,
        min(month) as first_month_on_map,
        min(min(month)) over (
            partition by segmentation, segment_id
        ) as first_month
    from stock_months
    group by 1, 2, 3

),

-- The map of an origin, and the last month that it has: a redrawn map says
-- nothing of a segment's later months.
origin_maps as (

    select distinct
        stock_months.segmentation,
        stock_months.model_version,
        coalesce(
            maps.fitted_to > {{ dbt.last_day('origins.origin_month', 'month') }},
            false
        ) as is_hindsight,
        origins.origin_month,
        maps.last_month
    from stock_months
    inner join origins
        on stock_months.month = origins.origin_month
    inner join maps
        on
            stock_months.segmentation = maps.segmentation
            and stock_months.model_version = maps.model_version

),

stock as (

    select
        'stock' as definition,
        origin_maps.segmentation,
        segments.segment_id,
        origin_maps.is_hindsight,
        origin_maps.origin_month,
        segments.first_month,
        origin_maps.last_month
    from origin_maps
    inner join segments
        on
            origin_maps.segmentation = segments.segmentation
            and origin_maps.model_version = segments.model_version
            and origin_maps.origin_month >= segments.first_month_on_map

),

cohorts as (

    select
        'cohort' as definition,
        cohort_months.segmentation,
        cohort_months.segment_id,
        origin_maps.is_hindsight,
        cohort_months.origin_month,
        min(cohort_months.month) as first_month,
        max(latest.month) as last_month
    from cohort_months
    inner join origin_maps
        on
            cohort_months.segmentation = origin_maps.segmentation
            and cohort_months.origin_month = origin_maps.origin_month
    cross join latest
    group by 1, 2, 3, 4, 5

),

series as (

    select * from stock
    union all
    select * from cohorts

)

select * from series
