-- The sums of those in other arms than control who were contacted, at planned
-- looks: what is described beside all who were assigned.
{% set metrics = experiment_metrics() -%}

with members as (

    select * from {{ ref('int_experiment_members') }}
    where not is_control

),

done as (

    select * from {{ ref('int_experiment_customers_summed') }}
    where contacts > 0 and week > 0

),

looks as (

    select * from {{ ref('int_experiment_looks') }}
    where is_planned_look

),

told as (

    select * from {{ ref('int_experiment_metrics') }}

),

chosen as (

    select
        members.experiment,
        told.metric,
        members.arm,
        members.stratum,
        done.week,
        cast(case told.metric
            {% for metric in metrics -%}
            when '{{ metric }}' then done.{{ metric }}
            {% endfor -%}
        end as double) as measured,
        case when told.metric = 'average_order_amount' then cast(
            done.average_order_amount_denominator as double
        ) end as denominator
    from members
    inner join done
        on
            members.experiment = done.experiment
            and members.customer_id = done.customer_id
    inner join looks
        on
            done.experiment = looks.experiment
            and done.week = looks.week
    inner join told
        on members.experiment = told.experiment

),

protocols as (

    select
        experiment,
        metric,
        arm,
        stratum,
        week,
        cast(count(*) as bigint) as customers,
        cast({{ exact_amount('sum(' ~ exact_amount('measured') ~ ')') }}
            as double) as value_sum,
        cast({{ square_sum('measured', 'measured') }} as double)
            as value_squares,
        cast({{ exact_amount('sum(' ~ exact_amount('denominator') ~ ')') }}
            as double) as denominator_sum,
        cast({{ square_sum('denominator', 'denominator') }} as double)
            as denominator_squares,
        cast({{ square_sum('measured', 'denominator') }} as double)
            as value_denominator_sum,
        cast(sum(case when measured > 0 then 1 else 0 end) as bigint)
            as positive_customers
    from chosen
    group by 1, 2, 3, 4, 5

)

select * from protocols
