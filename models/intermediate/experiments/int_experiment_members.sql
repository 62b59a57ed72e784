-- All who are in a test, with the arm that they were given: those who have left
-- their segment since, too.
with stored as (

    select * from {{ ref('int_experiment_assignments') }}

),

stored_experiments as (

    select distinct experiment from stored

),

given as (

    select given.*
    from {{ ref('int_experiment_assignments_given') }} as given
    left join stored_experiments
        on given.experiment = stored_experiments.experiment
    where
        given.reason_code is null and stored_experiments.experiment is null

),

strata as (

    select * from {{ ref('int_experiment_strata') }}
    where is_given

),

experiments as (

    select * from {{ ref('int_experiments_planned') }}

),

unioned as (

    select
        experiment,
        customer_id,
        arm,
        is_control,
        stratum,
        salt,
        segment_id_at_assignment,
        value_at_assignment,
        is_given,
        assigned_date
    from stored
    union all
    select
        given.experiment,
        given.customer_id,
        given.arm,
        given.is_control,
        strata.stratum,
        strata.salt,
        strata.segment_id_at_assignment,
        strata.value_at_assignment,
        strata.is_given,
        given.assigned_date
    from given
    inner join strata
        on
            given.experiment = strata.experiment
            and given.customer_id = strata.customer_id

),

members as (

    select
        {{ surrogate_key(['unioned.experiment', 'unioned.customer_id']) }}
            as experiment_customer_id,
        unioned.*
    from unioned
    inner join experiments
        on unioned.experiment = experiments.experiment

)

select * from members
