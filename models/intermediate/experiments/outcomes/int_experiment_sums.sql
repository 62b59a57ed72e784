-- Sums over the customers of each arm and stratum, by the end of each week. Who
-- did nothing adds nothing but herself.
{% set metrics = experiment_metrics() -%}

with members as (

    select * from {{ ref('int_experiment_members') }}

),

done as (

    select * from {{ ref('int_experiment_customers_summed') }}

),

past as (

    select
        experiment,
        customer_id,
        {% for metric in metrics if metric != 'average_order_amount' -%}
        {{ metric }},
        {% endfor -%}
        {{ exact_amount('coalesce(' ~ ratio(
            'average_order_amount', 'average_order_amount_denominator'
        ) ~ ', 0)') }} as average_order_amount
    from done
    where week = 0

),

arms as (

    select
        members.experiment,
        members.arm,
        members.is_control,
        members.stratum,
        {% for metric in metrics -%}
        sum(coalesce(past.{{ metric }}, 0)) as {{ metric }}_covariate,
        coalesce({{ square_sum('past.' ~ metric, 'past.' ~ metric) }}, 0)
            as {{ metric }}_covariate_squares,
        {% endfor -%}
        count(*) as customers
    from members
    left join past
        on
            members.experiment = past.experiment
            and members.customer_id = past.customer_id
    group by 1, 2, 3, 4

),

outcomes as (

    select
        members.experiment,
        members.arm,
        members.stratum,
        done.week,
        {% for metric in metrics -%}
        {% set value = 'done.' ~ metric -%}
        sum({{ value }}) as {{ metric }},
        {{ square_sum(value, value) }} as {{ metric }}_squares,
        coalesce({{ square_sum(value, 'past.' ~ metric) }}, 0)
            as {{ metric }}_products,
        sum(case when {{ value }} > 0 then 1 else 0 end)
            as {{ metric }}_positive,
        {% endfor -%}
        {% set denominator = 'done.average_order_amount_denominator' -%}
        sum({{ denominator }}) as denominator,
        {{ square_sum(denominator, denominator) }} as denominator_squares,
        {{ square_sum(denominator, 'done.average_order_amount') }}
            as denominator_products,
        sum(case when {{ denominator }} > 0 then 1 else 0 end)
            as denominator_positive,
        sum(case when done.contacts > 0 then 1 else 0 end)
            as contacted_customers
    from members
    inner join done
        on
            members.experiment = done.experiment
            and members.customer_id = done.customer_id
    left join past
        on
            members.experiment = past.experiment
            and members.customer_id = past.customer_id
    where done.week > 0
    group by 1, 2, 3, 4

),

sums as (

    select
        arms.*,
        looks.week,
        looks.is_planned_look,
        looks.week_end_date,
        {% for name in metrics | list + ['denominator'] -%}
        {% for ending in ['', '_squares', '_products', '_positive'] -%}
        coalesce(outcomes.{{ name ~ ending }}, 0) as {{ name ~ ending }},
        {% endfor -%}
        {% endfor -%}
        coalesce(outcomes.contacted_customers, 0) as contacted_customers
    from arms
    inner join {{ ref('int_experiment_looks') }} as looks
        on arms.experiment = looks.experiment
    left join outcomes
        on
            arms.experiment = outcomes.experiment
            and arms.arm = outcomes.arm
            and arms.stratum = outcomes.stratum
            and looks.week = outcomes.week

)

select * from sums
