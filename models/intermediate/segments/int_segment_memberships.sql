-- The nearest segment once it is confirmed, until then the one before. Goes on
-- from the months that are here as they are now.
{% set held = ['segment_id', 'stage', 'cluster_number', 'segment_number'] -%}

with {% if is_incremental() -%}
known_states as (

    select distinct state from {{ this }}

),

{% endif -%}
due as (

    select
        asked.segmentation,
        min(asked.month) as first_month
    from {{ ref('int_segmentation_months') }} as asked
    {% if is_incremental() -%}
    left join known_states
        on asked.state = known_states.state
    where known_states.state is null
    {% endif -%}
    group by 1

),

-- The months that are due, and the one before them as it is known.
placed as (

    select
        asked.*,
        {% for column in held -%}
        {% set near = 'nearest_' if column == 'segment_id' else '' -%}
        {% if is_incremental() -%}
        case when asked.month < due.first_month then known.{{ column }}
            else asked.{{ near ~ column }} end
        {%- else -%}
        asked.{{ near ~ column }}
        {%- endif %} as placed_{{ column }},
        {% endfor -%}
        asked.month >= due.first_month as is_due
    from {{ ref('int_placements_confirmed') }} as asked
    inner join due
        on
            asked.segmentation = due.segmentation
            and asked.month >= {{ dbt.dateadd('month', -1, 'due.first_month') }}
    {% if is_incremental() -%}
    left join {{ this }} as known
        on
            asked.customer_id = known.customer_id
            and asked.state = known.state
    {%- endif %}

),

numbered as (

    select
        *,
        sum(case when is_due and frozen_version is null and not is_confirmed
            and not is_other_stage then 0 else 1 end)
            over (
                partition by segmentation, customer_id order by month
            ) as holding_number
    from placed

),

held as (

    select
        *,
        {% for column in held -%}
        first_value(placed_{{ column }}) over (
            partition by segmentation, customer_id, holding_number
            order by month
        ) as held_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from numbered

),

-- By the map of before, who is not confirmed stays where she was: null here.
memberships as (

    select
        {{ surrogate_key(['segmentation', 'customer_id', 'month']) }}
            as customer_segment_id,
        segmentation,
        customer_id,
        {% for column in held -%}
        held_{{ column }} as {{ column }},
        {% endfor -%}
        nearest_segment_id,
        case
            when frozen_version is null then held_segment_id
            when is_other_stage or is_frozen_confirmed
                then frozen_nearest_segment_id
        end as frozen_segment_id,
        model_version,
        state,
        distance,
        next_distance,
        confidence,
        held_segment_id <> nearest_segment_id
        or coalesce(confidence < {{ var('transition_confidence') }}, false)
            as is_in_transition,
        month
    from held
    where is_due

)

select * from memberships
