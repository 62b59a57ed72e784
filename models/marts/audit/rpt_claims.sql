-- The headline numbers. Pages quote them from here only; one that could not be
-- measured says so, and never holds.
with trials as (

    select * from {{ ref('fct_segmentation_trials') }}
    where is_chosen

),

stabilities as (

    select
        *,
        case when is_stay_shown then round(stay_share, 2) end
            as shown_stay_share
    from {{ ref('rpt_segment_stability') }}

),

forecasts as (

    select * from {{ ref('int_forecasts_claimed') }}

),

reconciliations as (

    select * from {{ ref('rpt_input_reconciliations') }}

),

structures as (

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
                "' or more customers were looked at. Shown is the'",
                "' silhouette, beside that of shuffled orders.'"
            ]),
            'segmentation', 'silhouette', 'silhouette_low', 'silhouette_high',
            'null_silhouette',
            'case when null_silhouette is not null then has_structure end',
            'select * from marts.fct_segmentation_trials where is_chosen'
        ) }}
    from trials

),

stays as (

    select
        {{ claim_row(
            dbt.concat(["'stability-'", 'segmentation']),
            "'Customers keep their segment from one month to the next, and so"
            ~ ' do ' ~ var('stable_stay_beyond_chance') ~ ' or more of those'
            ~ ' whom chance would not keep: mean stay share, with the lowest'
            ~ " and highest month, of months in whole per cent.'",
            'segmentation', 'avg(shown_stay_share)', 'min(shown_stay_share)',
            'max(shown_stay_share)', var('stable_stay_share'),
            'avg(stay_share) >= ' ~ var('stable_stay_share')
            ~ ' and avg(stay_beyond_chance) >= '
            ~ var('stable_stay_beyond_chance'),
            'select * from marts.rpt_segment_stability'
        ) }}
    from stabilities
    group by segmentation

),

balances as (

    select
        {{ claim_row(
            "'rows-accounted-for'",
            "'Every row read is accepted, rejected with a reason or merged:"
            ~ " share of input tables in balance.'",
            'null', average('case when is_balanced then 1 else 0 end'), 'null',
            'null', '1',
            'min(case when is_balanced then 1 else 0 end) = 1',
            'select * from marts.rpt_input_reconciliations'
        ) }}
    from reconciliations

),

published as (

    select * from structures
    union all
    select * from stays
    union all
    select * from forecasts
    union all
    select * from balances

)

select * from published
