-- How customers of the shop differ, by moments, as known in a month: to this
-- single ones are shrunk.
with histories as (

    select * from {{ ref('int_change_histories') }}

),

summed as (

    select
        month,
        fingerprint,
        cast(sum(repeats_before) as double) as repeats,
        cast(sum(exposed_days) as double) as exposed,
        cast(sum(repeats_before * repeats_before) as double) as repeats_squared,
        cast(sum(exposed_days * exposed_days) as double) as exposed_squared,
        cast(sum(repeats_before * exposed_days) as double) as products,
        cast(sum({{ exact_amount('case
            when gaps >= 2 then ' ~ ratio('gap_days * gap_days', 'gaps') ~ '
        end') }}) as double) as gap_levels,
        cast(sum({{ exact_amount('case
            when gaps >= 2
                then (gap_squares - ' ~ ratio('gap_days * gap_days', 'gaps')
            ~ ') * gaps / (gaps - 1.0)
        end') }}) as double) as gap_deviations,
        cast(sum({{ exact_amount('case
            when spent_days_before >= 2
                then log_squares_before - logs_before * '
            ~ ratio('logs_before', 'spent_days_before') ~ '
        end') }}) as double) as log_deviations,
        cast(sum(case
            when spent_days_before >= 2 then spent_days_before - 1
        end) as double) as log_degrees
    from histories
    where exposed_days >= 60
    group by 1, 2

),

-- Rates vary over customers beyond what chance adds to their counts.
varied as (

    select
        *,
        {{ ratio('repeats', 'exposed') }} as rate,
        greatest(
            {{ ratio(
                'repeats_squared'
                ~ ' - 2 * products * repeats / nullif(exposed, 0)'
                ~ ' + exposed_squared * power(repeats / nullif(exposed, 0), 2)'
                ~ ' - repeats',
                'exposed_squared'
            ) }},
            0.05 * power(repeats / nullif(exposed, 0), 2)
        ) as rate_variance
    from summed

),

shops as (

    select
        month,
        fingerprint,
        round(rate * {{ ratio('rate', 'rate_variance') }}, 9) as rate_shape,
        round({{ ratio('rate', 'rate_variance') }}, 9) as rate_days,
        round(coalesce(greatest(least(
            {{ ratio('gap_deviations', 'gap_levels') }}, cast(4 as double)
        ), cast(0.1 as double)), 1), 9) as gap_variation,
        round(coalesce(greatest(
            {{ ratio('log_deviations', 'log_degrees') }}, cast(0.0001 as double)
        ), 1), 9) as log_variance
    from varied

)

select * from shops
