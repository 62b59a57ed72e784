-- Which share of an arm was still in its segment, as a mean over the weeks. A
-- week is of the month that has ended by its end; until one has, all are there.
with looks as (

    select * from {{ ref('int_experiment_looks') }}

),

members as (

    select * from {{ ref('int_experiment_members') }}
    where segment_id_at_assignment is not null

),

memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

months as (

    select distinct experiment, month, month_end_date
    from looks
    where month is not null

),

counted as (

    select
        members.experiment,
        members.arm,
        members.stratum,
        months.month,
        {{ average('case
            when members.assigned_date >= months.month_end_date then 1
            when memberships.customer_id is null then 0
            else 1
        end') }} as present_share
    from members
    inner join months
        on members.experiment = months.experiment
    left join memberships
        on
            members.customer_id = memberships.customer_id
            and members.segment_id_at_assignment = memberships.segment_id
            and months.month = memberships.month
    group by 1, 2, 3, 4

),

arms as (

    select distinct experiment, arm, stratum from members

),

presences as (

    select
        arms.experiment,
        arms.arm,
        arms.stratum,
        looks.week,
        avg(coalesce(counted.present_share, 1e0)) over (
            partition by arms.experiment, arms.arm, arms.stratum
            order by looks.week
            rows between unbounded preceding and current row
        ) as present_share
    from arms
    inner join looks
        on arms.experiment = looks.experiment
    left join counted
        on
            arms.experiment = counted.experiment
            and arms.arm = counted.arm
            and arms.stratum = counted.stratum
            and looks.month = counted.month

)

select * from presences
