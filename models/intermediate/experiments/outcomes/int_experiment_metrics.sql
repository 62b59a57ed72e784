-- The metrics that can be told of each test: no margin where a cost is unknown,
-- no sessions in a shop without them, nothing opened where nobody has looked.
with experiments as (

    select * from {{ ref('int_experiments_judged') }}
    where refusal_code is null

),

done as (

    select
        experiment,
        sum(orders_without_cost) as orders_without_cost,
        max(orders) as orders
    from {{ ref('int_experiment_customers_summed') }}
    group by 1

),

sessions as (

    select count(*) as sessions
    from {{ ref('int_web_sessions_checked') }}
    where reason_code is null

),

contacts as (

    select
        campaign as experiment,
        count(is_opened) as told_opened,
        count(is_clicked) as told_clicked
    from {{ ref('int_campaign_contacts_checked') }}
    where is_test and reason_code is null
    group by 1

),

metrics as (

    {% for metric in experiment_metrics() -%}
    select '{{ metric }}' as metric
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

told as (

    select
        experiments.experiment,
        metrics.metric,
        experiments.primary_metric = metrics.metric as is_primary,
        experiments.test,
        experiments.control_share,
        case metrics.metric
            when 'margin' then coalesce(done.orders_without_cost = 0, false)
            when 'sessions' then sessions.sessions > 0
            when 'opened' then coalesce(contacts.told_opened > 0, false)
            when 'clicked' then coalesce(contacts.told_clicked > 0, false)
            else true
        end as is_known
    from experiments
    cross join metrics
    cross join sessions
    left join done
        on experiments.experiment = done.experiment
    left join contacts
        on experiments.experiment = contacts.experiment

)

select * from told
where is_known
