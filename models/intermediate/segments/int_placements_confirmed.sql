-- Whether the nearest segment is to be believed: it is once it has been nearest
-- for as many months running as its segmentation asks for, the last of them
-- clearly. A view: as long as placements, and read once.
{{ config(materialized='view') }}
{% set by_month = 'partition by segmentation, customer_id order by month' -%}

with segmentations as (

    select * from {{ ref('int_segmentations') }}

),

placements as (

    select
        placements.*,
        segmentations.transition_months
    from {{ ref('int_segment_placements') }} as placements
    inner join segmentations
        on placements.segmentation = segmentations.segmentation

),

followed as (

    select
        *,
        lag(stage) over ({{ by_month }}) as earlier_stage,
        lag(nearest_segment_id) over ({{ by_month }}) as earlier_segment_id
    from placements

),

runs as (

    select
        *,
        sum(case when earlier_segment_id = nearest_segment_id then 0 else 1 end)
            over ({{ by_month }}) as run_number
    from followed

),

counted as (

    select
        *,
        count(*) over (
            partition by segmentation, customer_id, run_number
            order by month
        ) as months_running
    from runs

),

counted_by_both as (

    select
        *,
        case
            when earlier_segment_id = frozen_nearest_segment_id
                then 1 + lag(months_running) over ({{ by_month }})
            else 1
        end as frozen_months_running
    from counted

),

confirmed as (

    select
        *,
        coalesce(earlier_stage, 'new') in ('new', 'lapsed')
        or stage in ('new', 'lapsed') as is_other_stage,
        {% for map in ['', 'frozen_'] -%}
        {{ map }}months_running >= transition_months and (
            transition_months = 1
            or coalesce({{ map }}confidence, 1)
            >= {{ var('transition_confidence') }}
        ) as is_{{ map }}confirmed{{ ',' if not loop.last }}
        {% endfor %}
    from counted_by_both

)

select * from confirmed
