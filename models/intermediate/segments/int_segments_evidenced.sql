-- Every segment of today with its name, or the reason why it has none.
with members as (

    select * from {{ ref('int_segment_members') }}

),

segments_named as (

    select * from {{ ref('int_segments_named') }}

),

trials as (

    select * from {{ ref('int_segmentation_trials') }}
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
        segments_named.is_recency_growing,
        coalesce(trials.has_structure, false)
        and coalesce(trials.bootstrap_ari, 0)
        >= {{ var('persona_stability') }} as is_supported,
        {{ dbt.concat([
            "'Last 12 months: revenue '",
            rounded_text('segments_named.revenue_12_months_amount'),
            "' per customer (all: '",
            rounded_text(
                'segments_named.population_revenue_12_months_amount'
            ),
            "'), '", rounded_text('segments_named.orders_12_months', 1),
            "' orders ('",
            rounded_text('segments_named.population_orders_12_months', 1),
            "'). Last order '",
            rounded_text('segments_named.recency_days'),
            "' days ago ('",
            rounded_text('segments_named.population_recency_days'),
            "'). Customer for '",
            rounded_text('segments_named.length_days'), "' days ('",
            rounded_text('segments_named.population_length_days'), "').'"
        ]) }} as measures,
        {{ dbt.concat([
            "' In the last 90 days: orders in '",
            rounded_text('segments_named.active_weeks', 1),
            "' weeks, shares of spend in the first and last month '",
            rounded_text('segments_named.first_third_share', 2), "' and '",
            rounded_text('segments_named.last_third_share', 2),
            "', in the busiest fortnight '",
            rounded_text('segments_named.fortnight_share', 2),
            "', on promotion '",
            rounded_text('segments_named.promotion_share', 2),
            "', on weekdays '",
            rounded_text('segments_named.weekday_share', 2), "'.'"
        ]) }} as rhythm_measures,
        trials.null_p_value,
        trials.bootstrap_ari,
        trials.has_structure
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
            when stage = 'lapsed' then 'No order in the window that is compared.'
            when stage = 'sparse'
                then 'Too few orders in the window that is compared.'
            when segment_number is null
                then 'Too few customers to be clustered.'
            when not coalesce(has_structure, false)
                then {{ dbt.concat([
                    "'No name earned: shuffled customers look as grouped. '",
                    'measures'
                ]) }}
            when not is_supported
                then {{ dbt.concat([
                    "'No name earned: the group changes when customers are '",
                    "'drawn again. '", 'measures'
                ]) }}
            when segmentation = 'rhythm'
                then {{ dbt.concat(['measures', 'rhythm_measures']) }}
            else measures
        end as persona_evidence
    from joined

)

select * from evidenced
