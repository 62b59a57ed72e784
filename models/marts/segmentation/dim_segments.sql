with segments as (

    select * from {{ ref('int_segments_evidenced') }}

),

models as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

published as (

    select
        segments.segment_id,
        segments.segmentation,
        models.model_version,
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
        coalesce(
            cast({{ dbt.date_trunc('month', 'models.fitted_to') }} as date),
            segments.month
        ) as valid_from,
        cast(null as date) as valid_to
    from segments
    left join models
        on segments.segmentation = models.segmentation
    left join playbooks
        on segments.persona = playbooks.persona

)

select * from published
