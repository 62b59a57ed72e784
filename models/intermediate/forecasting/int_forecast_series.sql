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

-- When a segment came, and when it came onto each map that it is on.
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

-- The map of each month, and its last month: a redrawn map says nothing of what
-- a segment would have become.
maps as (

    select distinct
        segmentation,
        model_version,
        month,
        max(month) over (partition by segmentation, model_version)
            as last_month,
        max(month) over () as latest_month
    from stock_months

),

origin_maps as (

    select
        maps.segmentation,
        maps.model_version,
        coalesce(
            models.fitted_to
            > {{ dbt.last_day('origins.origin_month', 'month') }},
            false
        ) as is_hindsight,
        origins.origin_month,
        maps.last_month,
        maps.latest_month
    from maps
    inner join origins
        on maps.month = origins.origin_month
    left join models
        on
            maps.segmentation = models.segmentation
            and maps.model_version = models.model_version

),

unioned as (

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
    union all
    select
        'cohort' as definition,
        cohort_months.segmentation,
        cohort_months.segment_id,
        origin_maps.is_hindsight,
        cohort_months.origin_month,
        min(cohort_months.month) as first_month,
        origin_maps.latest_month as last_month
    from cohort_months
    inner join origin_maps
        on
            cohort_months.segmentation = origin_maps.segmentation
            and cohort_months.origin_month = origin_maps.origin_month
    group by 2, 3, 4, 5, 7

)

select * from unioned
