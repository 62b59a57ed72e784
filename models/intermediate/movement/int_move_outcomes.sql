-- Where she came to be, by the map and the order of the month: null while that
-- is ahead, and where a map was drawn on the way.
{% set by_month = 'partition by segmentation, customer_id order by month' -%}
with followed as (

    {% for horizon in [1, 3] -%}
    select
        customer_segment_id,
        segment_id,
        {{ horizon }} as horizon_months,
        case when coalesce(model_version, 'none') = coalesce(
            lead(model_version, {{ horizon - 1 }}) over ({{ by_month }}), 'none'
        ) then lead(frozen_segment_id, {{ horizon }}) over ({{ by_month }}) end
            as reached_segment_id,
        month
    from {{ ref('int_segment_moves') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

outcomes as (

    select
        followed.customer_segment_id,
        followed.horizon_months,
        case
            when reached.worth_rank > worths.worth_rank then 'better'
            when reached.worth_rank = worths.worth_rank then 'same'
            when reached.worth_rank < worths.worth_rank then 'worse'
        end as direction
    from followed
    inner join {{ ref('int_segment_worths') }} as worths
        on followed.segment_id = worths.segment_id
        and followed.month = worths.month
    left join {{ ref('int_segment_worths') }} as reached
        on followed.reached_segment_id = reached.segment_id
        and followed.month = reached.month

)

select * from outcomes
