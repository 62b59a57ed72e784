-- What is claimed of the chosen trials: that there are segments.
{% set query =
    'select * from marts.fct_segmentation_trials where is_chosen' -%}
with trials as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen

),

-- Both measures of structure in units of what is asked. A rank correlation of
-- n customers has a standard error of sqrt(1.06 / (n - 3)) at most (Fieller
-- 1957), and so has the root mean square of three. It is measured on all
-- customers of a year, who are no fewer than those of the largest sample.
scaled as (

    select
        *,
        gain / least_gain as gain_times,
        (silhouette_low - null_silhouette) / (1 - null_silhouette) / least_gain
            as gain_times_low,
        (silhouette_high - null_silhouette) / (1 - null_silhouette) / least_gain
            as gain_times_high,
        persistence_gap / least_persistence_gap as gap_times,
        cast(1.96 as double) * sqrt(cast(1.06 as double) / greatest(
            max(sampled_customers) over () - 3, 1
        )) / least_persistence_gap as gap_reach
    from trials

),

-- The measure that shows structure, or comes nearer to it.
nearer as (

    select
        *,
        not is_separated and coalesce(gap_times > gain_times, false)
            as is_persistence
    from scaled

),

measured as (

    select
        *,
        case
            when is_persistence then persistence_gap else gain
        end as shown_value,
        case
            when is_persistence then least_persistence_gap else least_gain
        end as asked,
        case
            when is_persistence then gap_times - gap_reach else gain_times_low
        end as times_low,
        case
            when is_persistence then gap_times + gap_reach else gain_times_high
        end as times_high,
        greatest(gain_times_high, gap_times + gap_reach) as highest
    from nearer

),

-- The rule decides; its verdict is one where the interval says so, too.
judged as (

    select
        *,
        times_low * asked as shown_low,
        times_high * asked as shown_high,
        case
            when has_structure and times_low >= 1 then 'holds'
            when not has_structure and highest < 1 then 'fails'
            else 'cannot be told'
        end as structure_verdict
    from measured

),

claimed as (

    select
        {{ claim_row(
            dbt.concat(["'structure-'", 'segmentation']),
            dbt.concat([
                "'There are segments: customers stand apart more than with'",
                "' orders shuffled over them (by '",
                threshold_text('least_gain'),
                "' of the possible silhouette), or one half-year relates'",
                "' otherwise to the next (by '",
                threshold_text('least_persistence_gap'),
                "'), with p of '", threshold_text('largest_p_value'),
                "' at most, corrected for all trials; refits on redrawn'",
                "' customers agree (adjusted Rand index of '",
                threshold_text('least_stability'),
                "' or more); no group is below '",
                threshold_text('100 * least_share'), "' % or '",
                threshold_text('least_group'),
                "' customers; the groups explain '",
                threshold_text('100 * least_predictive_r2'),
                "' % or more of later spend, where measured; '",
                threshold_text('least_customers'),
                "' or more customers were looked at. Shown is the first of these'",
                "' two differences where it shows structure or comes nearer to'",
                "' it, else the second.'"
            ]),
            'The groups only cut the customers into parts: they carry no names, and'
            ~ ' nothing should be decided by them.',
            'segmentation', 'shown_value', 'shown_low', 'shown_high', 'asked',
            'case when null_silhouette is not null then 0 end', query,
            verdict='structure_verdict'
        ) }}
    from judged

)

select * from claimed
