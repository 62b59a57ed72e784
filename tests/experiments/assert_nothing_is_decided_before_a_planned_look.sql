-- No arm is better, worse or untold but in the row that the plan decides by,
-- when it looks; and what is decided to differ has a p-value that carries it.
with readouts as (

    select * from {{ ref('rpt_experiment_readouts') }}
    where decision is not null

)

select
    experiment_readout_id,
    decision,
    segments_adjusted_p_value
from readouts
where
    not is_planned_look
    or not is_primary
    or (
        decision in ('better', 'worse')
        and coalesce(segments_adjusted_p_value, 1) > 0.05
    )
