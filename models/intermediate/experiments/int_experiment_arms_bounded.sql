-- Each arm's stretch of the way from 0 to 1: the control's first, then by name.
with arms as (

    select * from {{ ref('stg_retail__experiment_arms') }}

),

numbered as (

    select
        experiment,
        arm,
        share,
        coalesce(is_control, false) as is_control,
        cast(row_number() over by_arm as bigint) as arm_number,
        case
            when lead(arm) over by_arm_alone is not null
                then sum(share) over by_arm
            else 1
        end as upper_bound
    from arms
    window
        by_arm as (
            partition by experiment
            order by case when is_control then 0 else 1 end, arm
            rows between unbounded preceding and current row
        ),
        by_arm_alone as (
            partition by experiment
            order by case when is_control then 0 else 1 end, arm
        )

),

bounded as (

    select
        *,
        coalesce(lag(upper_bound) over (
            partition by experiment order by arm_number
        ), 0) as lower_bound
    from numbered

)

select * from bounded
