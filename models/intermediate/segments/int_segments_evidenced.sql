-- Every segment of a month of review with its name, or why it has none.
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
        segments_named.persona as deserved_persona,
        segments_named.persona is not null
        and coalesce(reviewed.has_structure, false)
        and coalesce(reviewed.bootstrap_ari, 0)
        >= {{ var('persona_stability') }} as is_supported,
        segments_named.evidence
    from reviewed
    left join {{ ref('int_segments_named') }} as segments_named
        on
            reviewed.segment_id = segments_named.segment_id
            and reviewed.month = segments_named.month

),

evidenced as (

    select
        segmentation,
        segment_id,
        stage,
        segment_number,
        model_version,
        customers,
        month,
        has_structure,
        bootstrap_ari,
        case when segment_number is not null
            then cast({{ var('persona_stability') }} as double) end
            as persona_stability,
        stage <> 'active' or is_supported as is_persona_earned,
        stage <> 'active' or is_supported or deserved_persona is not null
        and {{ var('name_personas_anyway') }} as is_named,
        case
            when stage = 'new' then 'New customers'
            when stage = 'lapsed' then 'Lapsed customers'
            when stage = 'sparse' then 'Sparse customers'
            when segment_number is null then 'All active customers'
            when is_supported or deserved_persona is not null
                and {{ var('name_personas_anyway') }} then deserved_persona
            else {{ dbt.concat(["'Group '", rounded_text('segment_number')]) }}
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
            when evidence is null
                then 'No name earned: nobody but one customer is in the group.'
            when not coalesce(has_structure, false)
                then {{ dbt.concat([
                    "'No name earned. '", 'reason', "' '", 'evidence'
                ]) }}
            when deserved_persona is null
                then {{ dbt.concat([
                    "'No name: no rules name the groups of this segmentation. '",
                    'evidence'
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
