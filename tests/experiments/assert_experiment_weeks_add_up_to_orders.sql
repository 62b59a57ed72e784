-- Orders of the last week that has ended are those of the test's customers
-- since its start, counted from the orders themselves.
with weeks as (

    select
        experiment,
        week_end_date,
        sum(value_sum) as orders
    from {{ ref('fct_experiment_weeks') }}
    where metric = 'orders'
    group by 1, 2

),

orders as (

    select * from {{ ref('fct_orders') }}
    where not is_return

),

counted as (

    select
        weeks.experiment,
        weeks.week_end_date,
        weeks.orders,
        count(orders.order_id) as found
    from weeks
    inner join {{ ref('dim_experiments') }} as experiments
        on weeks.experiment = experiments.experiment
    inner join {{ ref('fct_experiment_assignments') }} as assignments
        on weeks.experiment = assignments.experiment
    left join orders
        on
            assignments.customer_id = orders.customer_id
            and orders.order_date
            between experiments.start_date and weeks.week_end_date
    group by 1, 2, 3

)

select * from counted
where orders <> found
