-- Tests on one metric that overlap in time: each beside those that may have its
-- customers. Who starts first has them, then who comes first by name.
with experiments as (

    select * from {{ ref('int_experiments_planned') }}
    where reason_code is null or reason_code = 'plan_edited'

),

pairs as (

    select
        experiments.experiment,
        others.experiment as other_experiment,
        others.start_date < experiments.start_date
        or (
            others.start_date = experiments.start_date
            and others.experiment < experiments.experiment
        ) as is_earlier
    from experiments
    inner join experiments as others
        on
            experiments.primary_metric = others.primary_metric
            and experiments.experiment <> others.experiment
            and experiments.start_date <= others.end_date
            and others.start_date <= experiments.end_date

)

select * from pairs
