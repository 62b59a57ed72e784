with segments as (

    select * from {{ ref('int_segments_evidenced') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

published as (

    select
        segments.segment_id,
        segments.segmentation,
        {{ dbt.concat(['segments.segmentation', "'-'",
            'cast(segments.month as string)']) }} as model_version,
        segments.stage,
        segments.persona,
        segments.persona_evidence,
        playbooks.recommended_action,
        playbooks.action_to_avoid,
        playbooks.offer,
        playbooks.channel,
        cast(null as string) as parent_segment_ids,
        segments.segment_number,
        segments.is_persona_earned,
        segments.month as valid_from,
        cast(null as date) as valid_to
    from segments
    left join playbooks
        on segments.persona = playbooks.persona

)

select * from published
