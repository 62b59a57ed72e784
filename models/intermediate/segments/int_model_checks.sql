-- How far a version agrees with trial refits, month by month.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

checks as (

    {{ unnest_arrays(
        'models',
        ['segmentation', 'model_version'],
        [
            'checked_months', 'checked_customers',
            'checked_ari', 'checked_ari_low', 'checked_ari_high',
            'checked_ami', 'checked_ami_low', 'checked_ami_high'
        ]
    ) }}

),

named as (

    select
        segmentation,
        model_version,
        cast(checked_customers as bigint) as customers,
        {% for index in ['ari', 'ami'] -%}
        cast(checked_{{ index }} as double) as {{ index }}_refit,
        cast(checked_{{ index }}_low as double) as {{ index }}_refit_low,
        cast(checked_{{ index }}_high as double) as {{ index }}_refit_high,
        {% endfor -%}
        checked_months as month
    from checks

)

select * from named
