-- Every series has exactly one published model for each month that is forecast,
-- from every origin, and the same one for all of them.
with forecasts as (

    select * from {{ ref('int_forecasts_reconciled') }}

),

counted as (

    select
        definition,
        segmentation,
        segment_id,
        origin_month,
        month,
        sum(case when is_published then 1 else 0 end) as published_models,
        max(case when is_published then model end) as model
    from forecasts
    group by 1, 2, 3, 4, 5

),

compared as (

    select
        *,
        min(model) over series as first_model,
        max(model) over series as last_model
    from counted
    window series as (
        partition by definition, segmentation, segment_id, origin_month
    )

),

failures as (

    select * from compared
    where published_models <> 1 or first_model <> last_model

)

select * from failures
