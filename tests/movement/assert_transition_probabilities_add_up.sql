-- The probabilities out of a segment, and of where newcomers start, add up to
-- 1; no interval ends before it begins.
select
    segmentation,
    from_segment_id,
    sum(probability) as total_probability
from {{ ref('fct_segment_transitions') }}
group by 1, 2
having
    abs(sum(probability) - 1) > 1e-9
    or max(lower_95_probability - upper_95_probability) > 0
