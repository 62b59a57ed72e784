-- Every cluster of a month of review with the persona that is dealt to it, what
-- the persona claims, and of how many that is true.
with segments_measured as (

    select * from {{ ref('int_segments_measured') }}

),

claims as (

    select * from {{ ref('int_segment_claims') }}

),

personas as (

    select * from {{ ref('int_personas_assigned') }}

),

shares as (

    select
        segment_id,
        month,
        max(customer_share) as customer_share,
        max(revenue_share) as revenue_share,
        max(case when is_persona then 1 else 0 end) = 1 as has_personas
    from claims
    group by 1, 2

),

joined as (

    select
        segments_measured.*,
        shares.customer_share,
        shares.revenue_share,
        coalesce(shares.has_personas, false) as has_personas,
        personas.base_persona,
        personas.qualifying_trait,
        personas.letter,
        claims.claimed_share,
        claims.claimed_low_share,
        claims.others_share,
        {{ said_of('personas.base_persona', traits_of_personas()) }}
            as claimed_traits,
        {{ said_of('personas.base_persona', words_of_personas()) }}
            as claimed_words,
        {{ said_of('personas.qualifying_trait', of_traits('words')) }}
            as qualifying_words,
        {{ said_of('personas.qualifying_trait', of_traits('qualifier')) }}
            as qualifier
    from segments_measured
    left join shares
        on
            segments_measured.segment_id = shares.segment_id
            and segments_measured.month = shares.month
    left join personas
        on
            segments_measured.segment_id = personas.segment_id
            and segments_measured.month = personas.month
    left join claims
        on
            personas.segment_id = claims.segment_id
            and personas.month = claims.month
            and personas.base_persona = claims.claim

),

named as (

    select
        *,
        {{ dbt.concat([
            'base_persona',
            "coalesce(" ~ dbt.concat(["', '", 'qualifier']) ~ ", '')",
            "coalesce(" ~ dbt.concat(["' '", 'letter']) ~ ", '')"
        ]) }} as persona,
        {{ persona_evidence() }} as evidence
    from joined

)

select * from named
