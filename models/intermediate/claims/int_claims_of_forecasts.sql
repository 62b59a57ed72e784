-- What is claimed of the published forecasts, held against intervals over their
-- origins.
{% set query = 'select * from marts.rpt_forecast_accuracy order by model' -%}
{% set tolerance = var('coverage_tolerance') | float -%}
{% set name -%}
    case definition
        when 'cohort' then 'the revenue of the members of today (cohort)'
        else 'the revenue of whoever is in the segment (stock)'
    end
{%- endset -%}
with accuracies as (

    select
        definition,
        segmentation
    from {{ ref('int_forecast_accuracies') }}
    where model = 'published'

),

intervals as (

    select * from {{ ref('int_claim_intervals') }}

),

measured as (

    select
        accuracies.*,
        intervals.measure,
        intervals.value,
        intervals.low,
        intervals.high
    from accuracies
    left join intervals
        on
            accuracies.definition = intervals.definition
            and accuracies.segmentation = intervals.segmentation

),

-- A row for each measure, also of what was not measured.
spread as (

    {% set measures = ['coverage_80', 'coverage_95', 'mean', 'prophet'] -%}
    select
        definition,
        segmentation,
        {% for measure in measures -%}
        max(case when measure = '{{ measure }}' then value end)
            as {{ measure }},
        max(case when measure = '{{ measure }}' then low end)
            as {{ measure }}_low,
        max(case when measure = '{{ measure }}' then high end)
            as {{ measure }}_high{{ ',' if not loop.last }}
        {% endfor %}
    from measured
    group by 1, 2

),

-- A quarter more or fewer misses than promised are let pass, at a tolerance of
-- 0.05: of five times as rare misses of the wider band a quarter, too.
claimed as (

    {% for level, id in [(80, 'coverage'), (95, 'coverage95')] -%}
    {% set promise = level / 100 -%}
    {% set allowed = tolerance * (1 - promise) / 0.2 -%}
    {% set low = (promise - allowed) | round(4) -%}
    {% set high = (promise + allowed) | round(4) -%}
    select
        {{ claim_row(
            dbt.concat(["'" ~ id ~ "-'", 'definition', "'-'", 'segmentation']),
            dbt.concat([
                "'The " ~ level ~ " % band of the published forecast of '", name,
                "' held what came: share of backtests with a calibrated band,'",
                "' to lie within " ~ low ~ ' and ' ~ high ~ ".'"
            ]),
            'Months fall outside the band more or less often than it says: plan'
            ~ ' with more room where the share is below ' ~ low
            ~ ', with less where it is above ' ~ high ~ '.',
            'segmentation', 'coverage_' ~ level, 'coverage_' ~ level ~ '_low',
            'coverage_' ~ level ~ '_high', promise, 'null', query,
            low, high
        ) }}
    from spread
    union all
    {% endfor -%}
    {% for rival, rival_name in {
        'mean': 'the plain mean of simple models', 'prophet': 'Prophet',
    }.items() -%}
    select
        {{ claim_row(
            dbt.concat(["'" ~ rival ~ "-'", 'definition', "'-'", 'segmentation']),
            dbt.concat([
                "'The published forecast of '", name, "' errs no more than "
                ~ rival_name ~ ": difference of their mean absolute scaled'",
                "' errors (MASE) on the same backtests, to be 0 or less.'"
            ]),
            'The choice of a model has cost accuracy here: ' ~ rival_name
            ~ ' would have been nearer to what came.',
            'segmentation', rival, rival ~ '_low', rival ~ '_high', '0', '0',
            query, most=0
        ) }}
    from spread
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from claimed
