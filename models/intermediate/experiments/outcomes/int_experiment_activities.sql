-- What each customer of a test did, week by week. Week 0 is the year before she
-- was assigned: nothing later is in it. A return within 30 days of the end is
-- kept apart, for it may be of an order within.
with members as (

    select
        members.experiment,
        members.customer_id,
        members.assigned_date,
        experiments.start_date,
        experiments.end_date,
        experiments.planned_weeks,
        experiments.as_of_date
    from {{ ref('int_experiment_members') }} as members
    inner join {{ ref('int_experiments_judged') }} as experiments
        on members.experiment = experiments.experiment
    where experiments.refusal_code is null

),

events as (

    select * from {{ ref('int_experiment_events') }}

),

placed as (

    select
        members.experiment,
        members.customer_id,
        {% for column in [
            'order_amount', 'revenue_amount', 'cost_amount', 'orders',
            'orders_without_cost', 'sessions', 'contacts', 'opened', 'clicked'
        ] -%}
        events.{{ column }},
        {% endfor -%}
        events.event_date > members.end_date as is_late,
        events.event_date > {{ dbt.dateadd(
            'day', -28, 'members.assigned_date'
        ) }} as is_recent,
        cast(case
            when events.event_date > members.end_date
                then members.planned_weeks
            when events.event <> 'contact'
                and events.event_date <= members.assigned_date then 0
            else greatest(1, 1 + floor({{ dbt.datediff(
                'members.start_date', 'events.event_date', 'day'
            ) }} / 7e0))
        end as bigint) as week
    from members
    inner join events
        on
            members.customer_id = events.customer_id
            and coalesce(members.experiment = events.experiment, true)
            and members.as_of_date >= events.event_date
            and events.event_date > {{ dbt.dateadd(
                'day', -364, 'members.assigned_date'
            ) }}
            and events.event_date <= {{ dbt.dateadd(
                'day', "case when events.event = 'return' then 30 else 0 end",
                'members.end_date'
            ) }}
    where
        events.event = 'contact'
        or members.assigned_date >= events.event_date
        or members.start_date <= events.event_date

),

summed as (

    select
        experiment,
        customer_id,
        week,
        {% for amount in ['order_amount', 'revenue_amount', 'cost_amount'] -%}
        {{ exact_amount(
            'sum(case when is_late then 0 else ' ~ amount ~ ' end)'
        ) }} as {{ amount }},
        {% endfor -%}
        {{ exact_amount(
            '-sum(case when is_late then revenue_amount else 0 end)'
        ) }}
            as late_returned_amount,
        {% for count in [
            'orders', 'orders_without_cost', 'sessions', 'contacts', 'opened',
            'clicked'
        ] -%}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {% endfor -%}
        cast(sum(case when is_recent then orders else 0 end) as bigint)
            as recent_orders
    from placed
    group by 1, 2, 3

)

select * from summed
