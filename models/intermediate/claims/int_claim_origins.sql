-- What came after each origin, of what was published. Months of hindsight are
-- left out: nobody had those forecasts.
with scored as (

    select * from {{ ref('int_forecasts_scored') }}
    where not is_hindsight

),

published as (

    select * from scored
    where model = 'published'

),

measured as (

    {% for measure, column in [
        ('coverage_80', 'held_80'), ('coverage_95', 'held_95'),
        ('mean', 'plain_mean_difference'), ('prophet', 'prophet_difference')
    ] -%}
    select
        '{{ measure }}' as measure,
        definition,
        segmentation,
        segment_id,
        origin_month,
        month,
        cast({{ column }} as double) as value
    from published
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Outcomes are counted once, from however many origins they were forecast.
counted as (

    select
        measure,
        definition,
        segmentation,
        cast(count(
            distinct {{ surrogate_key(['segment_id', 'month']) }}
        ) as bigint) as outcomes
    from measured
    where measure like 'coverage%'
    group by 1, 2, 3

),

summed as (

    select
        measure,
        definition,
        segmentation,
        origin_month,
        round(sum(value), 6) as numerator,
        cast(count(*) as double) as denominator
    from measured
    group by 1, 2, 3, 4

),

-- Bands of the same backtests, as shares of what was forecast.
widths as (

    select
        'width' as measure,
        published.definition,
        published.segmentation,
        published.origin_month,
        round({{ ratio(
            'sum(published.upper_80_amount - published.lower_80_amount)',
            'sum(published.forecast_amount)'
        ) }}, 6) as numerator,
        round({{ ratio(
            'sum(scored.upper_80_amount - scored.lower_80_amount)',
            'sum(scored.forecast_amount)'
        ) }}, 6) as denominator
    from published
    inner join scored
        on
            published.definition = scored.definition
            and published.segmentation = scored.segmentation
            and published.segment_id = scored.segment_id
            and published.origin_month = scored.origin_month
            and published.month = scored.month
    inner join {{ ref('int_forecast_models') }} as models
        on scored.model = models.forecast_model_id and models.is_last_year
    where scored.is_calibrated and published.is_calibrated
    group by 1, 2, 3, 4

),

claimed as (

    select summed.*, counted.outcomes
    from summed
    left join counted
        on
            summed.measure = counted.measure
            and summed.definition = counted.definition
            and summed.segmentation = counted.segmentation
    union all
    select *, cast(null as bigint) as outcomes
    from widths
    where numerator is not null and denominator > 0

)

select * from claimed
