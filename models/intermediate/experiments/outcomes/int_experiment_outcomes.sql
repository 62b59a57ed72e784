-- What each customer of a test had done by a planned look, of tests that are
-- judged by permutation: asked for, or called for by few controls or few
-- orders.
{% set least_control_share, least_conversion = 0.3, 0.02 -%}

with sums as (

    select * from {{ ref('int_experiment_sums') }}
    where is_planned_look

),

conversions as (

    select
        experiment,
        min(conversion_share) as conversion_share
    from (
        select
            experiment,
            week,
            {{ share('sum(conversion_positive)', 'sum(customers)') }}
                as conversion_share
        from sums
        group by 1, 2
    ) as weeks
    group by 1

),

permuted as (

    select metrics.*
    from {{ ref('int_experiment_metrics') }} as metrics
    left join conversions
        on metrics.experiment = conversions.experiment
    where
        metrics.test = 'permutation'
        or (metrics.test is null and (
            metrics.control_share < {{ least_control_share }}
            or conversions.conversion_share < {{ least_conversion }}
        ))

),

looks as (

    select distinct experiment, week from sums

),

done as (

    select * from {{ ref('int_experiment_customers_summed') }}

),

outcomes as (

    select
        members.experiment,
        permuted.metric,
        members.customer_id,
        members.arm,
        members.is_control,
        members.stratum,
        looks.week,
        {% for name, row in {'value': 'done', 'covariate': 'past'}.items() -%}
        cast(coalesce(case permuted.metric
            {% for metric in experiment_metrics() -%}
            when '{{ metric }}' then {{ row }}.{{ metric }}
            {% endfor -%}
        end, 0) as double) as {{ name }},
        {% endfor -%}
        case when permuted.metric = 'average_order_amount' then cast(
            coalesce(done.average_order_amount_denominator, 0) as double
        ) end as denominator
    from {{ ref('int_experiment_members') }} as members
    inner join permuted
        on members.experiment = permuted.experiment
    inner join looks
        on members.experiment = looks.experiment
    left join done
        on
            members.experiment = done.experiment
            and members.customer_id = done.customer_id
            and looks.week = done.week
    left join done as past
        on
            members.experiment = past.experiment
            and members.customer_id = past.customer_id
            and past.week = 0

)

select * from outcomes
