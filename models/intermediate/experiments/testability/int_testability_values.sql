-- What members did, who did nothing among them; null of what the shop does not
-- know: a margin where the cost of an order is missing, sessions where none
-- are.
with members as (

    select * from {{ ref('int_testability_members') }}

),

activities as (

    select * from {{ ref('int_testability_activities') }}

),

known as (

    select
        coalesce(sum(orders_without_cost + prior_orders_without_cost), 0) = 0
            as has_costs,
        coalesce(sum(sessions + prior_sessions), 0) > 0 as has_sessions
    from activities

),

testability_values as (

    select
        {{ surrogate_key([
            'members.segmentation', 'members.segment_id', 'members.weeks',
            'members.customer_id'
        ]) }} as testability_value_id,
        members.segmentation,
        members.segment_id,
        members.customer_id,
        members.weeks,
        members.segment_customers,
        {% for side in ['', 'prior_'] -%}
        cast(coalesce(activities.{{ side ~ 'revenue_amount' }}, 0) as double)
            as {{ side }}revenue_amount,
        case when known.has_costs then cast(coalesce(
            activities.{{ side ~ 'revenue_amount' }}
            - activities.{{ side ~ 'cost_amount' }}, 0
        ) as double) end as {{ side }}margin_amount,
        coalesce(activities.{{ side ~ 'orders' }}, 0) as {{ side }}orders,
        case when known.has_sessions
            then coalesce(activities.{{ side ~ 'sessions' }}, 0)
        end as {{ side }}sessions,
        {% endfor -%}
        coalesce(activities.last_orders, 0) as last_orders
    from members
    cross join known
    left join activities
        on
            members.customer_id = activities.customer_id
            and members.weeks = activities.weeks

)

select * from testability_values
