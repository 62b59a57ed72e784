-- What each customer had done by the end of each week, of those who did
-- something; the others have done nothing, and count as such.
{% set metrics = experiment_metrics() -%}

with activities as (

    select * from {{ ref('int_experiment_activities') }}

),

looks as (

    select experiment, week from {{ ref('int_experiment_looks') }}
    union all
    select experiment, cast(0 as bigint) as week
    from {{ ref('int_experiments_judged') }}

),

summed as (

    select
        looks.experiment,
        activities.customer_id,
        looks.week,
        {% for amount in ['order_amount', 'cost_amount'] -%}
        sum(activities.{{ amount }}) as {{ amount }},
        {% endfor -%}
        sum(activities.revenue_amount) - least(
            sum(activities.late_returned_amount),
            greatest(sum(activities.revenue_amount), 0)
        ) as revenue_amount,
        {% for count in [
            'orders', 'orders_without_cost', 'sessions', 'contacts', 'opened',
            'clicked'
        ] -%}
        sum(activities.{{ count }}) as {{ count }},
        {% endfor -%}
        sum(case
            when activities.week > looks.week - 4
                then activities.recent_orders else 0
        end) as recent_orders
    from activities
    inner join looks
        on
            activities.experiment = looks.experiment
            and activities.week <= looks.week
            and (activities.week > 0 or looks.week = 0)
    group by 1, 2, 3

),

measured as (

    select
        experiment,
        customer_id,
        week,
        {% for metric, value in metrics.items() -%}
        {{ exact_amount(value) }} as {{ metric }},
        {% endfor -%}
        {{ exact_amount('orders') }} as average_order_amount_denominator,
        orders_without_cost,
        contacts
    from summed

)

select * from measured
