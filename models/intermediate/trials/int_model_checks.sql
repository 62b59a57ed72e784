-- How far a version agrees with trial refits, month by month.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

checks as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'check'

),

named as (

    select
        models.segmentation,
        models.model_version,
        checks.customers,
        {% for index in ['ari', 'ami'] -%}
        checks.{{ index }} as {{ index }}_refit,
        checks.{{ index }}_low as {{ index }}_refit_low,
        checks.{{ index }}_high as {{ index }}_refit_high,
        {% endfor -%}
        checks.month
    from checks
    inner join models
        on checks.model_version = models.model_version

)

select * from named
