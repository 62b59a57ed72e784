-- Rows of the chain, by whether the segment that is reached was worth more. By
-- the order of the month.
with steps as (

    select
        steps.segmentation,
        steps.from_segment_id as segment_id,
        steps.horizon_months,
        {% for direction, sign in {
            'better': '>', 'same': '=', 'worse': '<'
        }.items() -%}
        sum(case
            when reached.worth_rank {{ sign }} left_behind.worth_rank
                then steps.probability else 0
        end) as segment_{{ direction }},
        {% endfor -%}
        steps.month
    from {{ ref('int_move_baselines') }} as steps
    inner join {{ ref('int_segment_worths') }} as left_behind
        on steps.from_segment_id = left_behind.segment_id
        and steps.month = left_behind.month
    inner join {{ ref('int_segment_worths') }} as reached
        on steps.to_segment_id = reached.segment_id
        and steps.month = reached.month
    group by
        steps.segmentation, steps.from_segment_id, steps.horizon_months,
        steps.month

)

select * from steps
