with models as (

    select * from {{ ref('int_segmentation_trials') }}
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
        cast(fit_number as bigint) as fit_number,
        cast(smoothing_steps as double) as smoothing_steps,
        cast(band as bigint) as band,
        cast(k as bigint) as k,
        cast(seed as bigint) as seed,
        cast(sampled_customers as bigint) as sampled_customers,
        is_current,
        fitted_to,
        in_force_from,
        in_force_to
    from models

)

select * from published
