with projections as (

    select * from {{ ref('int_revenue_projections') }}

),

accuracies as (

    select * from {{ ref('rpt_forecast_accuracy') }}

),

latest_origins as (

    select max(origin_month) as origin_month from projections

),

-- A young segment may lack the winner: then the next best is published.
-- Where nothing could be tested it is naive, the first by name.
ranked as (

    select
        {{ surrogate_key([
            'projections.segmentation', 'projections.segment_id',
            'projections.model', 'cast(projections.month as date)'
        ]) }} as revenue_forecast_id,
        projections.segmentation,
        projections.segment_id,
        projections.model,
        projections.forecast_amount,
        projections.lower_80_amount,
        projections.upper_80_amount,
        projections.lower_95_amount,
        projections.upper_95_amount,
        cast(projections.month as date) as month,
        row_number() over (
            partition by
                projections.segmentation,
                projections.segment_id,
                projections.month
            order by
                case when accuracies.mase is null then 1 else 0 end,
                accuracies.mase,
                projections.model
        ) = 1 as is_published
    from projections
    inner join latest_origins
        on projections.origin_month = latest_origins.origin_month
    left join accuracies
        on
            projections.segmentation = accuracies.segmentation
            and projections.model = accuracies.model

)

select * from ranked
