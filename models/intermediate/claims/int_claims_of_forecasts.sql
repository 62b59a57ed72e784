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

origins as (

    select * from {{ ref('int_claim_origins') }}

),

-- How wide the bands of last year repeated are.
widths as (

    select
        measure,
        definition,
        segmentation,
        round(avg(denominator), 6) as naive_width
    from origins
    where measure = 'width'
    group by 1, 2, 3

),

measured as (

    select
        accuracies.*,
        intervals.measure,
        intervals.value,
        intervals.low,
        intervals.high,
        widths.naive_width
    from accuracies
    left join intervals
        on
            accuracies.definition = intervals.definition
            and accuracies.segmentation = intervals.segmentation
    left join widths
        on
            intervals.measure = widths.measure
            and intervals.definition = widths.definition
            and intervals.segmentation = widths.segmentation

),

-- A row for each measure, also of what was not measured.
spread as (

    {% set measures = [
        'coverage_80', 'coverage_95', 'mean', 'prophet', 'width'
    ] -%}
    select
        definition,
        segmentation,
        max(naive_width) as naive_width,
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
    union all
    {% endfor -%}
    select
        {{ claim_row(
            dbt.concat(["'width-'", 'definition', "'-'", 'segmentation']),
            dbt.concat([
                "'The 80 % band of the published forecast of '", name,
                "' is narrower than that of last year repeated: width over the'",
                "' forecast, mean over origins, on the same backtests.'"
            ]),
            'The forecast knows no more of the coming months than last year does:'
            ~ ' repeating it would be as exact.',
            'segmentation', 'width * naive_width', 'width_low * naive_width',
            'width_high * naive_width', 'naive_width', 'naive_width',
            'select * from marts.fct_forecast_backtests',
            most='naive_width'
        ) }}
    from spread

)

select * from claimed
