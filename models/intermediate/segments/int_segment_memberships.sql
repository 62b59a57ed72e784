-- The segment of a customer and month: the nearest one, once it has been that for
-- some months running and clearly so; until then the one she was in. Stages, new
-- maps and first months need no confirmation.
{% set months = var('transition_months') -%}
{% set least = var('transition_confidence') -%}

with placements as (

    select * from {{ ref('int_segment_placements') }}

),

compared as (

    select
        *,
        lag(stage) over by_month as previous_stage,
        {% for end in ['min', 'max'] -%}
        {{ end }}(nearest_segment_id) over (
            partition by segmentation, customer_id order by month
            rows between {{ [months - 1, 1] | max }} preceding and 1 preceding
        ) as {{ end }}_segment_id_before,
        {% endfor -%}
        row_number() over by_month as months_known
    from placements
    window by_month as (
        partition by segmentation, customer_id order by month
    )

),

confirmed as (

    select
        *,
        months_known = 1
        or stage in ('new', 'lapsed')
        or previous_stage in ('new', 'lapsed') as is_other_stage,
        {% for map in ['', 'frozen_'] -%}
        {{ months }} = 1
        or (
            months_known >= {{ months }}
            and min_segment_id_before = {{ map }}nearest_segment_id
            and max_segment_id_before = {{ map }}nearest_segment_id
            and coalesce({{ map }}confidence, 1) >= {{ least }}
        ) as is_{{ map }}confirmed{{ ',' if not loop.last }}
        {% endfor %}
    from compared

),

dated as (

    select
        *,
        max(case
            when is_other_stage or is_confirmed or frozen_version is not null
                then month
        end) over (
            partition by segmentation, customer_id order by month
            rows between unbounded preceding and current row
        ) as confirmed_month
    from confirmed

),

-- Under the map of before, a customer who is not confirmed stays where she was:
-- null, for only the month before knows where that is.
memberships as (

    select
        {{ surrogate_key(['dated.segmentation', 'dated.customer_id', 'dated.month']) }}
            as customer_segment_id,
        dated.segmentation,
        dated.customer_id,
        held.nearest_segment_id as segment_id,
        dated.nearest_segment_id,
        case
            when dated.frozen_version is null then held.nearest_segment_id
            when dated.is_other_stage or dated.is_frozen_confirmed
                then dated.frozen_nearest_segment_id
        end as frozen_segment_id,
        dated.model_version,
        held.stage,
        held.cluster_number,
        held.segment_number,
        dated.distance,
        dated.next_distance,
        dated.confidence,
        held.nearest_segment_id <> dated.nearest_segment_id
        or coalesce(dated.confidence < {{ least }}, false) as is_in_transition,
        dated.month
    from dated
    inner join placements as held
        on
            dated.segmentation = held.segmentation
            and dated.customer_id = held.customer_id
            and dated.confirmed_month = held.month

)

select * from memberships
