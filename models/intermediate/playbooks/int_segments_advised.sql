-- The playbook of each segment: of the lines for its persona whose trait
-- holds, those of the first origin, and of these the one that asks for a
-- trait. Times are told in the segment's own usual gap.
{% set sentences = [
    'recommended_action', 'action_to_avoid', 'offer', 'channel'
] -%}

with evidenced as (

    select
        segment_id,
        persona,
        row_number() over (
            partition by segment_id order by month desc
        ) as reviews_back
    from {{ ref('int_segments_evidenced') }}

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
        evidenced.segment_id,
        playbooks.*,
        gaps.usual_gap_days,
        coalesce(gaps.usual_gap, 'the usual gap') as usual_gap,
        row_number() over (
            partition by evidenced.segment_id
            order by
                playbooks.precedence,
                case when playbooks.measured_by is null then 1 else 0 end,
                playbooks.playbook_id
        ) as place
    from evidenced
    inner join {{ ref('int_playbooks_gathered') }} as playbooks
        on evidenced.persona = playbooks.persona
    left join {{ ref('int_segment_traits_held') }} as traits
        on
            evidenced.segment_id = traits.segment_id
            and playbooks.measured_by = traits.trait
    left join gaps
        on evidenced.segment_id = gaps.segment_id
    where
        evidenced.reviews_back = 1
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
