-- No segmentation has two versions that are current.
with models as (

    select * from {{ ref('int_trials') }}
    where is_chosen

),

published as (

    select
        model_version,
        segmentation,
        representation,
        metric,
        data_hash,
        settings_hash,
        {{ remove_pattern('input', '.*/') }} as input,
        library_versions,
        refit_reason,
        parent_version,
        fit_number,
        smoothing_steps,
        band,
        k,
        seed,
        sampled_customers,
        is_current,
        fitted_to,
        in_force_from,
        in_force_to
    from models

)

select * from published
