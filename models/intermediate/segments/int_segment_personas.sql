-- A name changes once another one was deserved two months running; until then
-- the name of before goes on, with its evidence. At once are named: a map drawn
-- anew, a segment that is new or has no name, and all where two would otherwise
-- be called the same.
{% set so_far = 'rows between unbounded preceding and current row' -%}

with evidenced as (

    select * from {{ ref('int_segments_evidenced') }}

),

lagged as (

    select
        *,
        lag(persona) over by_month as persona_before,
        lag(coalesce(model_version, '')) over by_month as version_before
    from evidenced
    window by_month as (partition by segment_id order by month)

),

numbered as (

    select
        *,
        sum(case when coalesce(
            persona = persona_before
            or coalesce(model_version, '') <> version_before, true
        ) then 1 else 0 end) over (
            partition by segment_id order by month {{ so_far }}
        ) as name_number
    from lagged

),

opened as (

    select
        *,
        sum(case when is_named then 1 else 0 end) over (
            partition by segment_id, name_number order by month {{ so_far }}
        ) > 0 as has_name
    from numbered

),

kept as (

    select
        *,
        first_value(persona) over (
            partition by segment_id, name_number, has_name order by month
        ) as name_before
    from opened

),

namesakes as (

    select
        *,
        count(*) over (partition by segmentation, month, name_before) as bearers
    from kept

),

told_apart as (

    select
        *,
        case when max(bearers) over (partition by segmentation, month) > 1
            then persona else name_before end as kept_persona
    from namesakes

),

deserved as (

    select
        *,
        sum(case when persona = kept_persona then 1 else 0 end) over (
            partition by segment_id, kept_persona order by month {{ so_far }}
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
