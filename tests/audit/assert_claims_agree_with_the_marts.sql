-- A verdict that differs between two places: customers and the map in the month
-- that is claimed of, structure beside the rule that chose; and a verdict
-- without an interval.
with claims as (

    select * from {{ ref('rpt_claims') }}

),

stabilities as (

    select
        *,
        row_number() over (
            partition by segmentation, is_stay_shown
            order by month desc
        ) as age,
        row_number() over (
            partition by segmentation, map_verdict is null
            order by month desc
        ) as map_age
    from {{ ref('rpt_segment_stability') }}

),

trials as (

    select * from {{ ref('fct_segmentation_trials') }}
    where is_chosen

),

said as (

    select
        {{ dbt.concat(["'stability-'", 'segmentation']) }} as claim_id,
        case customers_verdict
            when 'stable' then 'holds'
            when 'unclear' then 'cannot be told'
            else 'fails'
        end as verdict
    from stabilities
    where is_stay_shown and age = 1
    union all
    select
        {{ dbt.concat(["'agreement-'", 'segmentation']) }} as claim_id,
        case map_verdict
            when 'stable' then 'holds'
            when 'unclear' then 'cannot be told'
            else 'fails'
        end as verdict
    from stabilities
    where map_verdict is not null and map_age = 1

),

failures as (

    select
        said.claim_id,
        said.verdict,
        claims.verdict as claimed
    from said
    left join claims
        on said.claim_id = claims.claim_id
    where claims.verdict is null or said.verdict <> claims.verdict
    union all
    select
        claims.claim_id,
        case when trials.has_structure then 'holds' else 'fails' end as verdict,
        claims.verdict as claimed
    from trials
    inner join claims
        on
            {{ dbt.concat(["'structure-'", 'trials.segmentation']) }}
            = claims.claim_id
    where
        claims.verdict
        = case when trials.has_structure then 'fails' else 'holds' end
    union all
    select
        claim_id,
        'no interval' as verdict,
        verdict as claimed
    from claims
    where
        verdict <> 'cannot be told'
        and (lower is null or upper is null or measured_value is null)

)

select * from failures
