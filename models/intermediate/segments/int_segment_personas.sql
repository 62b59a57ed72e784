-- A name changes once another one was deserved two months running; until then
-- the name of before goes on, with its evidence. A map that is drawn anew, and
-- a segment that is new, have the name that the month itself gives, and so have
-- all where two would otherwise be called the same.
{% set by_month = 'partition by segment_id order by month' -%}

with evidenced as (

    select * from {{ ref('int_segments_evidenced') }}

),

settled as (

    select
        *,
        coalesce(
            persona = lag(persona) over by_month
            and coalesce(model_version, '')
            = coalesce(lag(model_version) over by_month, ''), false
        ) as is_repeated,
        coalesce(
            coalesce(model_version, '')
            <> lag(coalesce(model_version, '')) over by_month, true
        ) as is_drawn_anew
    from evidenced
    window by_month as ({{ by_month }})

),

numbered as (

    select
        *,
        sum(case when is_repeated or is_drawn_anew then 1 else 0 end) over (
            {{ by_month }}
            rows between unbounded preceding and current row
        ) as name_number
    from settled

),

kept as (

    select
        *,
        first_value(persona) over (
            partition by segment_id, name_number order by month
        ) as name_before
    from numbered

),

namesakes as (

    select
        *,
        count(*) over (
            partition by segmentation, month, name_before
        ) as namesakes
    from kept

),

told_apart as (

    select
        *,
        case when max(namesakes) over (partition by segmentation, month) > 1
            then persona else name_before end as kept_persona
    from namesakes

),

-- The months in which the name that is kept is the one that is deserved.
deserved as (

    select
        *,
        sum(case when persona = kept_persona then 1 else 0 end) over (
            partition by segment_id, kept_persona order by month
            rows between unbounded preceding and current row
        ) as evidence_number
    from told_apart

),

personas as (

    select
        {{ surrogate_key(['segment_id', 'month']) }} as segment_persona_id,
        segmentation,
        segment_id,
        stage,
        segment_number,
        model_version,
        customers,
        has_structure,
        bootstrap_ari,
        persona_stability,
        {% for column in [
            'is_persona_earned', 'is_named', 'base_persona', 'claimed_traits',
            'claimed_share', 'claimed_low_share', 'others_share',
            'customer_share', 'revenue_share', 'persona_evidence', 'month'
        ] -%}
        first_value({{ column }}) over (
            partition by segment_id, kept_persona, evidence_number
            order by month
        ) as {{ 'evidence_month' if column == 'month' else column }},
        {% endfor -%}
        kept_persona as persona,
        persona as deserved_persona,
        month
    from deserved

)

select * from personas
