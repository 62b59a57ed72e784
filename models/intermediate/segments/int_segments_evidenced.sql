-- Every segment of a month of review with its name, or why it has none.
{% set claimed = [
    'base_persona', 'claimed_traits', 'claimed_share', 'claimed_low_share',
    'others_share'
] -%}
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

segments as (

    select
        segmentation,
        segment_id,
        stage,
        segment_number,
        model_version,
        month,
        cast(count(*) as bigint) as customers
    from memberships
    group by 1, 2, 3, 4, 5, 6

),

-- Stages need no review: their names are always the same.
reviewed as (

    select
        segments.*,
        reviews.has_structure,
        reviews.bootstrap_ari,
        reviews.reason
    from segments
    left join {{ ref('int_segment_reviews') }} as reviews
        on
            segments.segmentation = reviews.segmentation
            and segments.month = reviews.month
            and segments.segment_number is not null
    where segments.segment_number is null or reviews.month is not null

),

joined as (

    select
        reviewed.*,
        coalesce(reviewed.has_structure, false)
        and coalesce(reviewed.bootstrap_ari, 0)
        >= {{ var('persona_stability') }} as is_supported,
        segments_named.persona as deserved_persona,
        {% for column in claimed -%}
        segments_named.{{ column }},
        {% endfor -%}
        segments_named.has_personas,
        segments_named.customer_share,
        segments_named.revenue_share,
        segments_named.evidence
    from reviewed
    left join {{ ref('int_segments_named') }} as segments_named
        on
            reviewed.segment_id = segments_named.segment_id
            and reviewed.month = segments_named.month

),

judged as (

    select
        *,
        stage <> 'active' or deserved_persona is not null and is_supported
            as is_persona_earned,
        stage <> 'active' or deserved_persona is not null
        and (is_supported or {{ var('name_personas_anyway') }}) as is_named
    from joined

),

evidenced as (

    select
        {% for column in [
            'segmentation', 'segment_id', 'stage', 'segment_number',
            'model_version', 'customers', 'month', 'has_structure',
            'bootstrap_ari', 'is_persona_earned', 'is_named', 'customer_share',
            'revenue_share'
        ] -%}
        {{ column }},
        {% endfor -%}
        case when segment_number is not null
            then cast({{ var('persona_stability') }} as double) end
            as persona_stability,
        {% for column in claimed -%}
        case when is_named then {{ column }} end as {{ column }},
        {% endfor -%}
        case
            when stage = 'new' then 'New customers'
            when stage = 'lapsed' then 'Lapsed customers'
            when stage = 'sparse' then 'Sparse customers'
            when segment_number is null then 'All active customers'
            when is_named then deserved_persona
            else {{ dbt.concat(["'Group '", rounded_text('segment_number')]) }}
        end as persona,
        {{ evidence_or_reason() }} as persona_evidence
    from judged

)

select * from evidenced
