-- An id is for life, and every fact of a segment finds its segment here.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

-- A segment of the map is one also when nobody is in it.
in_use as (

    select distinct segmentation, segment_id, segment_number
    from {{ ref('int_trial_centroids') }}
    where is_chosen

),

listed as (

    select segmentation, segment_id, stage, segment_number, month
    from memberships
    union all
    select
        segmentation,
        segment_id,
        'active' as stage,
        segment_number,
        cast(null as date) as month
    from in_use

),

segments as (

    select
        segmentation,
        segment_id,
        stage,
        segment_number,
        min(month) as first_month,
        max(month) as last_month
    from listed
    group by 1, 2, 3, 4

),

personas as (

    select
        *,
        row_number() over (
            partition by segment_id order by month desc
        ) as months_back
    from {{ ref('int_segment_personas') }}

),

origins as (

    select segment_id, max(related_segment_id) as parent_segment_ids
    from {{ ref('int_segment_events') }}
    where event = 'split'
    group by 1

),

published as (

    select
        segments.segment_id,
        segments.segmentation,
        personas.model_version,
        segments.stage,
        coalesce(personas.persona, segments.segment_id) as persona,
        coalesce(
            personas.persona_evidence,
            'No name earned: nobody was in the group when names were given.'
        ) as persona_evidence,
        personas.base_persona,
        personas.claimed_traits,
        {% for column in [
            'recommended_action', 'action_to_avoid', 'offer', 'channel', 'kpi',
            'owner'
        ] -%}
        playbooks.{{ column }},
        {% endfor -%}
        origins.parent_segment_ids,
        segments.segment_number,
        {% for column in [
            'claimed_share', 'claimed_low_share', 'others_share',
            'customer_share', 'revenue_share', 'bootstrap_ari',
            'persona_stability', 'has_structure'
        ] -%}
        personas.{{ column }},
        {% endfor -%}
        coalesce(personas.is_persona_earned, false) as is_persona_earned,
        coalesce(personas.is_named, false) as is_named,
        segments.first_month as valid_from,
        case
            when segments.segment_number is not null
                and in_use.segment_id is null then segments.last_month
        end as valid_to
    from segments
    left join personas
        on
            segments.segment_id = personas.segment_id
            and personas.months_back = 1
    left join in_use
        on segments.segment_id = in_use.segment_id
    left join origins
        on segments.segment_id = origins.segment_id
    left join {{ ref('int_segments_advised') }} as playbooks
        on segments.segment_id = playbooks.segment_id

)

select * from published
