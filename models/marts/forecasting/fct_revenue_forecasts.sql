with forecasts as (

    select * from {{ ref('int_forecasts_ranked') }}

),

totals as (

    select
        month,
        forecast_amount as total_amount
    from forecasts
    where segmentation = 'total' and is_published

),

sums as (

    select
        segmentation,
        month,
        sum(forecast_amount) as segments_amount,
        count(*) as segments
    from forecasts
    where is_published
    group by 1, 2

),

-- Published segments are scaled to the published total of the shop. Where all
-- segments are forecast as zero and the shop is not, they share it equally.
scales as (

    select
        sums.segmentation,
        sums.month,
        true as is_published,
        case
            when sums.segments_amount > 0
                then totals.total_amount / sums.segments_amount
            else 1
        end as factor,
        case
            when sums.segments_amount > 0 then 0
            else totals.total_amount / sums.segments
        end as share_amount
    from sums
    inner join totals on sums.month = totals.month

),

scaled as (

    select
        forecasts.revenue_forecast_id,
        forecasts.segmentation,
        forecasts.segment_id,
        forecasts.model,
        coalesce(scales.factor, 1) as factor,
        coalesce(scales.share_amount, 0) as share_amount,
        forecasts.forecast_amount,
        forecasts.lower_80_amount,
        forecasts.upper_80_amount,
        forecasts.lower_95_amount,
        forecasts.upper_95_amount,
        forecasts.is_published,
        forecasts.month
    from forecasts
    left join scales
        on
            forecasts.segmentation = scales.segmentation
            and forecasts.month = scales.month
            and forecasts.is_published = scales.is_published

),

-- Sums of doubles differ in the last digits from run to run: rounded away.
published as (

    select
        revenue_forecast_id,
        cast(segmentation as string) as segmentation,
        cast(segment_id as string) as segment_id,
        cast(model as string) as model,
        round(forecast_amount * factor + share_amount, 6) as forecast_amount,
        round(lower_80_amount * factor, 6) as lower_80_amount,
        round(upper_80_amount * factor + share_amount, 6) as upper_80_amount,
        round(lower_95_amount * factor, 6) as lower_95_amount,
        round(upper_95_amount * factor + share_amount, 6) as upper_95_amount,
        is_published,
        month
    from scaled

)

select * from published
