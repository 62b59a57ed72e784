-- What is claimed of the published forecast, and whether it holds.
{% set query = 'select * from marts.rpt_forecast_accuracy order by model' -%}
{% set tolerance = var('coverage_tolerance') | float -%}
{% set low = (0.8 - tolerance) | round(4) -%}
{% set high = (0.8 + tolerance) | round(4) -%}
{% set definitions = {
    'cohort': 'the revenue of the members of today (cohort)',
    'stock': 'the revenue of whoever is in the segment (stock)',
} -%}
{% set rivals = {
    'mean': ['the plain mean of simple models', 'plain_mean_difference'],
    'prophet': ['Prophet', 'prophet_difference'],
} -%}

with accuracies as (

    select * from {{ ref('int_forecast_accuracies') }}
    where model = 'published'

),

claimed as (

    {% for definition, name in definitions.items() -%}
    select
        {{ claim_row(
            dbt.concat(["'coverage-" ~ definition ~ "-'", 'segmentation']),
            "'The 80 % band of the published forecast of " ~ name
            ~ ' held what came: share of backtests with a calibrated band, to'
            ~ ' lie within ' ~ low ~ ' and ' ~ high ~ ".'",
            'segmentation', 'coverage_80', 'null', 'null', '0.8',
            'coverage_80 between ' ~ low ~ ' and ' ~ high, query
        ) }}
    from accuracies
    where definition = '{{ definition }}'
    {% for rival, (rival_name, difference) in rivals.items() -%}
    union all
    select
        {{ claim_row(
            dbt.concat(["'" ~ rival ~ '-' ~ definition ~ "-'", 'segmentation']),
            "'The published forecast of " ~ name ~ ' errs no more than '
            ~ rival_name ~ ': difference of their mean absolute scaled errors'
            ~ " (MASE) on the same backtests, to be 0 or less.'",
            'segmentation', difference, 'null', 'null', '0',
            difference ~ ' <= 0', query
        ) }}
    from accuracies
    where definition = '{{ definition }}'
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from claimed
