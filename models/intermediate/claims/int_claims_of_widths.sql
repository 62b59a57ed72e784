-- Whether the bands of the published forecasts are worth more than last year.
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
    where measure = 'width'

),

origins as (

    select * from {{ ref('int_claim_origins') }}
    where measure = 'width'

),

-- How wide the bands of last year repeated are.
widths as (

    select
        definition,
        segmentation,
        round(avg(denominator), 6) as naive_width
    from origins
    group by 1, 2

),

measured as (

    select
        accuracies.*,
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
            accuracies.definition = widths.definition
            and accuracies.segmentation = widths.segmentation

),

claimed as (

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
            'segmentation', 'value * naive_width',
            'greatest(low, 0) * naive_width', 'high * naive_width',
            'naive_width', 'null',
            'select * from marts.fct_forecast_backtests',
            most='naive_width'
        ) }}
    from measured

)

select * from claimed
