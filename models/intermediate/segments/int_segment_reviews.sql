-- When segments are looked at to be named: in the month that a model was fitted
-- to, and in the latest month.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

reviewed as (

    select
        segmentations.segmentation,
        membership_months.month
    from {{ ref('int_segmentations') }} as segmentations
    cross join {{ ref('int_membership_months') }} as membership_months
    where membership_months.months_back = 0
    union distinct
    select
        segmentation,
        cast({{ dbt.date_trunc('month', 'fitted_to') }} as date) as month
    from models

),

reviews as (

    select
        reviewed.segmentation,
        reviewed.month,
        models.model_version,
        models.has_structure,
        models.bootstrap_ari,
        models.reason
    from reviewed
    left join models
        on
            reviewed.segmentation = models.segmentation
            and reviewed.month between models.in_force_from
            and models.in_force_to

)

select * from reviews
