-- The playbook of each segment: of the lines for its persona whose trait
-- holds, those of the first origin, and of these the one that asks for a
-- trait. Times are told in the segment's own usual gap.
{% set sentences = [
    'recommended_action', 'action_to_avoid', 'offer', 'channel', 'treatment',
    'other_treatment'
] -%}

with personas as (

    select
        segment_id,
        month,
        coalesce(base_persona, persona) as persona,
        row_number() over (
            partition by segment_id order by month desc
        ) as months_back
    from {{ ref('int_segment_personas') }}

),

traits as (

    select
        segment_id,
        month,
        claim as trait
    from {{ ref('int_segment_claims') }}
    where is_earned and not is_persona

),

gaps as (

    select
        segment_id,
        usual_gap_days,
        {{ dbt.concat([
            'cast(cast(round(usual_gap_days) as bigint) as string)',
            "case when round(usual_gap_days) = 1 then ' day' else ' days' end"
        ]) }} as usual_gap
    from {{ ref('int_segment_gaps_measured') }}

),

offered as (

    select
        personas.segment_id,
        playbooks.*,
        gaps.usual_gap_days,
        coalesce(gaps.usual_gap, 'the usual gap') as usual_gap,
        row_number() over (
            partition by personas.segment_id
            order by
                playbooks.precedence,
                case when playbooks.measured_by is null then 1 else 0 end,
                playbooks.playbook_id
        ) as place
    from personas
    inner join {{ ref('int_playbooks_gathered') }} as playbooks
        on personas.persona = playbooks.persona
    left join traits
        on
            personas.segment_id = traits.segment_id
            and personas.month = traits.month
            and playbooks.measured_by = traits.trait
    left join gaps
        on personas.segment_id = gaps.segment_id
    where
        personas.months_back = 1
        and (playbooks.measured_by is null or traits.trait is not null)

),

advised as (

    select
        segment_id,
        playbook_id,
        persona,
        measured_by,
        {% for sentence in sentences -%}
        {{ dbt.replace(sentence, "'{usual_gap}'", 'usual_gap') }}
            as {{ sentence }},
        {% endfor -%}
        kpi,
        owner,
        usual_gap_days
    from offered
    where place = 1

)

select * from advised
