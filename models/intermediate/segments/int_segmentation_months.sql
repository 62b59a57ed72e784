-- Which model scores a month of a segmentation, and which one did the month
-- before, where it was another. The state changes with whatever a membership of
-- the month or of an earlier one is made of.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

scored as (

    select
        segmentations.segmentation,
        segmentations.series,
        segmentations.transition_months,
        membership_months.month,
        membership_months.fingerprint,
        max(case when membership_months.month <= models.in_force_to
            then models.model_version end) as model_version,
        max(case when membership_months.month > models.in_force_to
            then models.model_version end) as frozen_version
    from {{ ref('int_segmentations') }} as segmentations
    cross join membership_months
    left join models
        on
            segmentations.segmentation = models.segmentation
            and membership_months.month >= models.in_force_from
            and membership_months.month <= {{ dbt.dateadd(
                'month', 1, 'models.in_force_to'
            ) }}
    group by 1, 2, 3, 4, 5

),

summed as (

    select
        *,
        sum({{ row_fingerprint([
            "coalesce(model_version, '')", "coalesce(frozen_version, '')", 'month'
        ]) }}) over (
            partition by segmentation order by month
            rows between unbounded preceding and current row
        ) as models_number
    from scored

),

segmentation_months as (

    select
        segmentation,
        series,
        model_version,
        frozen_version,
        {{ surrogate_key([
            'segmentation', 'month', 'fingerprint', 'models_number',
            'transition_months', var('transition_confidence')
        ]) }} as state,
        month
    from summed

)

select * from segmentation_months
