-- Who was assigned to what, written once: rows are added and never changed. Of
-- each stratum the customers stand in the order of a hash; each arm takes its
-- share of the row, and where strata do not divide, they take turns.
with kept as (

    select * from {{ kept_assignments() }} as kept_assignments

),

{% if is_incremental() -%}
stored as (

    select distinct experiment from {{ this }}

),

{% endif -%}
arms as (

    select * from {{ ref('int_experiment_arms_bounded') }}

),

strata as (

    select * from {{ ref('int_experiment_strata') }}
    where not is_given

),

turns as (

    select
        experiment,
        stratum,
        (row_number() over (
            partition by experiment
            order by {{ dbt.hash(dbt.concat(['salt', "':'", 'stratum'])) }}
        ) - 0.5e0) / count(*) over (partition by experiment) as turn
    from (select distinct experiment, stratum, salt from strata) as listed

),

placed as (

    select
        *,
        row_number() over (
            partition by experiment, stratum order by drawn, customer_id
        ) as place,
        count(*) over (partition by experiment, stratum) as customers
    from strata

),

drawn as (

    select
        placed.experiment,
        placed.customer_id,
        arms.arm,
        arms.is_control,
        placed.stratum,
        placed.salt,
        placed.segment_id_at_assignment,
        placed.value_at_assignment,
        placed.is_given,
        placed.assigned_date
    from placed
    inner join turns
        on
            placed.experiment = turns.experiment
            and placed.stratum = turns.stratum
    inner join arms
        on
            placed.experiment = arms.experiment
            and placed.place > floor(
                cast(placed.customers * arms.lower_bound as double) + turns.turn
            )
            and placed.place <= floor(
                cast(placed.customers * arms.upper_bound as double) + turns.turn
            )

),

assigned as (

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
    from kept
    {% if is_incremental() -%}
    where experiment not in (select stored.experiment from stored)
    {% endif -%}
    union all
    select * from drawn

)

select * from assigned
