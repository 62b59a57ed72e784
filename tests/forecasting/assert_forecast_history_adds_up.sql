-- Segments add up to the total of their definition: cohorts in every month of
-- every origin, the stock in the month of every origin (later maps may lack
-- segments of earlier months), and the stock by all maps in every month.
with histories as (

    select * from {{ ref('int_forecast_histories') }}

),

stock_months as (

    select * from {{ ref('int_forecast_stock_months') }}

),

stacked as (

    select
        definition,
        segmentation,
        {{ exact_amount('revenue_amount') }} as revenue_amount,
        origin_month,
        month
    from histories
    where definition = 'cohort' or month = origin_month
    union all
    select
        'stock by all maps' as definition,
        segmentation,
        {{ exact_amount('revenue_amount') }} as revenue_amount,
        month as origin_month,
        month
    from stock_months

),

sums as (

    select
        definition,
        segmentation,
        origin_month,
        month,
        sum(revenue_amount) as revenue_amount
    from stacked
    group by 1, 2, 3, 4

),

segmentations as (

    select distinct
        definition,
        segmentation,
        origin_month
    from sums

),

expected as (

    select
        segmentations.*,
        totals.month,
        totals.revenue_amount
    from segmentations
    inner join sums as totals
        on
            segmentations.definition = totals.definition
            and segmentations.origin_month = totals.origin_month
    where totals.segmentation = 'total'

),

failures as (

    select
        expected.*,
        sums.revenue_amount as segments_amount
    from expected
    left join sums
        on
            expected.definition = sums.definition
            and expected.segmentation = sums.segmentation
            and expected.origin_month = sums.origin_month
            and expected.month = sums.month
    where
        abs(expected.revenue_amount - coalesce(sums.revenue_amount, 0))
        > 0.005

)

select * from failures
