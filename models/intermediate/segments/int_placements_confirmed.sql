-- Whether the nearest segment is to be believed: it is once it has been nearest
-- for some months running, the last of them clearly. A view: as long as
-- placements, and read once.
{{ config(materialized='view') }}
{% set months = var('transition_months') -%}
{% set by_month = 'partition by segmentation, customer_id order by month' -%}

with placements as (

    select * from {{ ref('int_segment_placements') }}

),

confirmed as (

    select
        *,
        coalesce(lag(stage) over by_month, 'new') in ('new', 'lapsed')
        or stage in ('new', 'lapsed') as is_other_stage,
        {% for map in ['', 'frozen_'] %}{% set near = map ~ 'nearest' -%}
        {{ months }} = 1 or (
            count(*) over earlier >= {{ months - 1 }}
            and min(nearest_segment_id) over earlier = {{ near }}_segment_id
            and max(nearest_segment_id) over earlier = {{ near }}_segment_id
            and coalesce({{ map }}confidence, 1)
            >= {{ var('transition_confidence') }}
        ) as is_{{ map }}confirmed{{ ',' if not loop.last }}
        {% endfor %}
    from placements
    window by_month as ({{ by_month }}), earlier as (
        {{ by_month }}
        rows between {{ [months - 1, 1] | max }} preceding and 1 preceding
    )

)

select * from confirmed
