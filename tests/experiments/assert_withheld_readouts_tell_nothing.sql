-- Where arms are not what the lot made of them, no number is published.
with failed as (

    select distinct experiment
    from {{ ref('rpt_experiment_checks') }}
    where is_withholding and not is_passed

),

readouts as (

    select * from {{ ref('rpt_experiment_readouts') }}

)

select
    readouts.experiment_readout_id,
    readouts.difference,
    readouts.decision
from readouts
inner join failed
    on readouts.experiment = failed.experiment
where
    coalesce(
        readouts.difference, readouts.p_value, readouts.relative_lift,
        readouts.anytime_lower
    ) is not null
    or coalesce(readouts.decision, 'withheld') <> 'withheld'
