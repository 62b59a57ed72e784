-- Paths of days, as trajectories.departures.departures.measures does.
{{ config(materialized='view') }}

with members as (

    select * from {{ ref('int_segment_members') }}
    where cluster_number is not null

),

models as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen and period = 'day'

),

customer_days as (

    select * from {{ ref('int_customer_days_spent') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

days as (

    select
        members.customer_segment_id,
        members.segment_id,
        models.steps,
        customer_days.spend_amount,
        {{ dbt.datediff(
            'customer_days.order_date', 'as_of_dates.last_month_end_date', 'day'
        ) }} as days_back
    from members
    inner join models
        on members.segmentation = models.segmentation
    inner join customer_days
        on members.customer_id = customer_days.customer_id
    cross join as_of_dates

),

summed as (

    select
        customer_segment_id,
        segment_id,
        sum(spend_amount) as spend_amount,
        sum(case when spend_amount > 0 then 1 else 0 end) as order_days,
        coalesce(
            min(case when spend_amount > 0 then days_back end), min(steps)
        ) as recency_days
    from days
    where days_back < steps
    group by 1, 2

),

measured as (

    {% for feature in ['spend_amount', 'order_days', 'recency_days'] -%}
    select
        {{ surrogate_key(['customer_segment_id', "'" ~ feature ~ "'"]) }}
            as member_feature_id,
        segment_id,
        '{{ feature }}' as feature,
        cast({{ feature }} as double) as value
    from summed
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from measured
