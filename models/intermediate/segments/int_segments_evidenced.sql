-- Every segment of today with its name, or the reason why it has none.
with members as (

    select * from {{ ref('int_segment_members') }}

),

segments_named as (

    select * from {{ ref('int_segments_named') }}

),

trials as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen

),

segments as (

    select
        segmentation,
        segment_id,
        stage,
        min(cluster_number) as segment_number,
        min(month) as month
    from members
    group by 1, 2, 3

),

joined as (

    select
        segments.*,
        segments_named.persona as deserved_persona,
        coalesce(trials.has_structure, false)
        and coalesce(trials.bootstrap_ari, 0)
        >= {{ var('persona_stability') }} as is_supported,
        segments_named.evidence,
        trials.has_structure,
        trials.reason
    from segments
    left join segments_named
        on segments.segment_id = segments_named.segment_id
    left join trials
        on segments.segmentation = trials.segmentation

),

evidenced as (

    select
        segmentation,
        segment_id,
        stage,
        segment_number,
        month,
        stage <> 'active' or is_supported as is_persona_earned,
        case
            when stage = 'new' then 'New customers'
            when stage = 'lapsed' then 'Lapsed customers'
            when stage = 'sparse' then 'Sparse customers'
            when segment_number is null then 'All active customers'
            when is_supported or {{ var('name_personas_anyway') }}
                then deserved_persona
            else {{ dbt.concat(
                ["'Group '", 'cast(segment_number as string)']
            ) }}
        end as persona,
        case
            when stage = 'new'
                then 'First order too recent for a path to be compared.'
            when stage = 'lapsed'
                then 'No order in the window that is compared.'
            when stage = 'sparse'
                then 'Too few orders in the window that is compared.'
            when segment_number is null
                then 'Too few customers to be clustered.'
            when not coalesce(has_structure, false)
                then {{ dbt.concat([
                    "'No name earned. '", 'reason', "' '", 'evidence'
                ]) }}
            when not is_supported
                then {{ dbt.concat([
                    "'No name earned: the group changes when customers are '",
                    "'drawn again. '", 'evidence'
                ]) }}
            else evidence
        end as persona_evidence
    from joined

)

select * from evidenced
