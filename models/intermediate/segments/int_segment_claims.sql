-- What is claimed of segments, and whether they earn it. The lower bound is
-- Wilson's (1927). What is said by it: the log-likelihood of the members under
-- their own share, against that of the others; half a customer is added.
{% set z = 1.96 -%}
with counted as (

    select * from {{ ref('int_segment_claims_counted') }}

),

shared as (

    select
        *,
        {{ share('members_with', 'members') }} as claimed_share,
        {{ share('others_with', 'others') }} as others_share,
        {{ ratio('members_with + 0.5', 'members + 1') }} as own,
        {{ ratio('others_with + 0.5', 'others + 1') }} as theirs,
        cast(members as double) as size
    from counted

),

bounded as (

    select
        *,
        (
            claimed_share + {{ z * z }} / (2 * size) - {{ z }} * sqrt(
                claimed_share * (1 - claimed_share) / size
                + {{ z * z }} / (4 * size * size)
            )
        ) / (1 + {{ z * z }} / size) as claimed_low_share,
        members_with * ln(own / theirs)
        + (members - members_with) * ln((1 - own) / (1 - theirs)) as likelihood
    from shared

),

judged as (

    select
        segmentation,
        segment_id,
        claim,
        is_persona,
        members,
        members_with,
        others,
        others_with,
        claimed_share,
        greatest(claimed_low_share, 0) as claimed_low_share,
        others_share,
        customer_share,
        revenue_share,
        round(likelihood, 6) as likelihood,
        claimed_low_share >= {{ var('persona_share') }}
        and coalesce(others_share, 0) <= claimed_share / 2
        and case money
            when 'above' then revenue_share > customer_share
            when 'below' then revenue_share < customer_share / 2
            else true
        end as is_earned,
        month
    from bounded

)

select * from judged
