-- Segments are looked at to be named in every month, by what was known then.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

reviews as (

    select
        segmentations.segmentation,
        membership_months.month,
        models.model_version,
        models.has_structure,
        models.bootstrap_ari,
        models.reason
    from {{ ref('int_segmentations') }} as segmentations
    cross join {{ ref('int_membership_months') }} as membership_months
    left join models
        on
            segmentations.segmentation = models.segmentation
            and membership_months.month between models.in_force_from
            and models.in_force_to

)

select * from reviews
