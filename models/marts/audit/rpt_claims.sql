-- The headline numbers. Pages quote them from here only.
with trials as (

    select * from {{ ref('fct_segmentation_trials') }}
    where is_chosen

),

stabilities as (

    select * from {{ ref('rpt_segment_stability') }}

),

accuracies as (

    select * from {{ ref('rpt_forecast_accuracy') }}
    where is_winner

),

reconciliations as (

    select * from {{ ref('rpt_input_reconciliations') }}

),

structures as (

    select
        {{ dbt.concat(["'structure-'", 'segmentation']) }} as claim_id,
        segmentation,
        'Customers differ by more than chance: silhouette against the mean'
        || ' of shuffled customers.' as claim,
        silhouette as measured_value,
        silhouette_low as lower,
        silhouette_high as upper,
        null_silhouette as threshold,
        case
            when null_silhouette is null then 'not measured'
            when has_structure then 'holds'
            else 'fails'
        end as verdict,
        'select * from marts.fct_segmentation_trials where is_chosen'
            as reproduce_with
    from trials

),

stayed as (

    select
        {{ dbt.concat(["'stability-'", 'segmentation']) }} as claim_id,
        segmentation,
        'Customers keep their segment from one month to the next: mean stay'
        || ' share.' as claim,
        avg(stay_share) as measured_value,
        min(stay_share) as lower,
        max(stay_share) as upper,
        {{ var('stable_stay_share') }} as threshold,
        case
            when avg(stay_share) >= {{ var('stable_stay_share') }} then 'holds'
            else 'fails'
        end as verdict,
        'select * from marts.rpt_segment_stability' as reproduce_with
    from stabilities
    group by segmentation

),

covered as (

    select
        {{ dbt.concat(["'coverage-'", 'segmentation']) }} as claim_id,
        segmentation,
        'The 80 % band of the published forecast held what came: share of'
        || ' backtests, to lie within 0.75 and 0.85.' as claim,
        coverage_80 as measured_value,
        cast(null as double) as lower,
        cast(null as double) as upper,
        0.8 as threshold,
        case
            when coverage_80 is null then 'not measured'
            when coverage_80 between 0.75 and 0.85 then 'holds'
            else 'fails'
        end as verdict,
        'select * from marts.rpt_forecast_accuracy where is_winner'
            as reproduce_with
    from accuracies

),

balanced as (

    select
        'rows-accounted-for' as claim_id,
        cast(null as string) as segmentation,
        'Every row read is accepted, rejected with a reason or merged: share'
        || ' of input tables in balance.' as claim,
        avg(case when is_balanced then 1.0 else 0 end) as measured_value,
        cast(null as double) as lower,
        cast(null as double) as upper,
        1.0 as threshold,
        case
            when min(case when is_balanced then 1 else 0 end) = 1 then 'holds'
            else 'fails'
        end as verdict,
        'select * from marts.rpt_input_reconciliations' as reproduce_with
    from reconciliations

),

unioned as (

    select * from structures
    union all
    select * from stayed
    union all
    select * from covered
    union all
    select * from balanced

),

published as (

    select
        claim_id,
        claim,
        segmentation,
        verdict,
        reproduce_with,
        cast(measured_value as double) as measured_value,
        cast(lower as double) as lower,
        cast(upper as double) as upper,
        cast(threshold as double) as threshold
    from unioned

)

select * from published
