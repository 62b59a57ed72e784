-- Of how many members of a segment a trait or all of a persona is true, and of
-- how many other clustered customers of the segmentation.
{% set claims = customer_traits() + personas() -%}
with weighed as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.customer_id,
        memberships.month,
        segmentations.recent_days,
        customer_months.revenue_12_months_amount,
        {{ customer_weight(
            'customer_months.revenue_12_months_amount',
            ['memberships.segment_id', 'memberships.month']
        ) }} as customer_weight
    from {{ ref('int_segment_memberships') }} as memberships
    inner join {{ ref('int_segment_reviews') }} as reviews
        on
            memberships.segmentation = reviews.segmentation
            and memberships.month = reviews.month
    inner join {{ ref('int_segmentations') }} as segmentations
        on memberships.segmentation = segmentations.segmentation
    inner join {{ ref('int_customer_months_windowed') }} as customer_months
        on
            memberships.customer_id = customer_months.customer_id
            and memberships.month = customer_months.month
    where memberships.stage = 'active'

),

members as (

    select * from weighed
    where not coalesce({{ outweighs('customer_weight') }}, false)

),

summed as (

    select
        members.segmentation,
        members.segment_id,
        members.month,
        cast(count(*) as bigint) as members,
        {{ exact_amount('sum(members.revenue_12_months_amount)') }}
            as revenue_amount,
        {% for claim in claims -%}
        cast(sum(case
            when {{ has_persona(claim) if claim.musts else claim.name }}
                then 1 else 0
        end) as bigint) as members_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}
    from members
    left join {{ ref('int_customer_traits') }} as traits
        on
            members.customer_id = traits.customer_id
            and members.month = traits.month
            and members.recent_days = traits.recent_days
    group by 1, 2, 3

),

listed as (

    {% for claim in claims -%}
    select
        {{ loop.index }} as claim_number,
        '{{ claim.name }}' as claim,
        {{ 'true' if claim.musts else 'false' }} as is_persona,
        nullif('{{ claim.money or 'none' }}', 'none') as money
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- One row a claim.
counted as (

    select
        summed.*,
        listed.claim,
        listed.is_persona,
        listed.money,
        case listed.claim_number
            {% for claim in claims -%}
            when {{ loop.index }} then {{ 'case when ' ~ may_be_named(claim)
                ~ ' then members_' ~ loop.index ~ ' end' if claim.musts
                else 'members_' ~ loop.index }}
            {% endfor %}
        end as members_with
    from summed
    cross join listed

),

compared as (

    select
        segmentation,
        segment_id,
        claim,
        is_persona,
        money,
        members,
        members_with,
        (sum(members) over of_claim) - members as others,
        (sum(members_with) over of_claim) - members_with as others_with,
        {{ share('members', 'sum(members) over of_claim') }}
            as customer_share,
        {{ share('revenue_amount', 'sum(revenue_amount) over of_claim') }}
            as revenue_share,
        month
    from counted
    where members_with is not null
    window of_claim as (partition by segmentation, month, claim)

)

select * from compared
