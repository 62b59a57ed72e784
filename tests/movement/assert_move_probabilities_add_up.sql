-- Better, same and worse are all there is, for her and for her segment.
select
    move_probability_id,
    better_probability,
    same_probability,
    worse_probability
from {{ ref('fct_move_probabilities') }}
where
    abs(better_probability + same_probability + worse_probability - 1)
    > 0.000001
    or abs(
        segment_better_probability + segment_same_probability
        + segment_worse_probability - 1
    ) > 0.000001
