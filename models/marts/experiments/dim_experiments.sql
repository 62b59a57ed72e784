-- Every row of the plan is here, and one that is refused says why. Once
-- customers have been assigned, salt and plan stay as they were then.
with judged as (

    select * from {{ ref('int_experiments_judged') }}

),

frozen as (

    select * from {{ ref('int_experiments_frozen') }}

),

sentences as (

    select * from {{ ref('experiment_findings') }}

),

published as (

    select
        judged.experiment,
        judged.segmentation,
        judged.segment_id,
        judged.hypothesis,
        judged.primary_metric,
        judged.test,
        judged.salt,
        frozen.plan_hash,
        case
            when judged.refusal_code is not null then 'refused'
            when judged.start_date > judged.as_of_date then 'planned'
            when judged.end_date > judged.as_of_date then 'running'
            else 'finished'
        end as status,
        {{ finding_sentence('judged.experiment', 'judged.found_text') }}
            as refusal,
        judged.planned_weeks,
        judged.planned_looks,
        coalesce(judged.arms, 0) as arms,
        judged.customers,
        cast(judged.control_share as double) as control_share,
        judged.expected_lift_share,
        judged.cost_per_contact,
        judged.discount_share,
        judged.start_date,
        judged.end_date
    from judged
    left join frozen
        on judged.experiment = frozen.experiment
    left join sentences
        on judged.refusal_code = sentences.finding_code

)

select * from published
