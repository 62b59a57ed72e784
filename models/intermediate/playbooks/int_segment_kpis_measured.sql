-- What a segment's customers did in a month, as the numbers that playbooks
-- name, and the counts of customers from which these could be told.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

moves as (

    select * from {{ ref('int_segment_moves') }}

),

summed as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.month,
        cast(count(*) as bigint) as customers,
        sum(customer_months.frequency_orders) as orders,
        sum(customer_months.sessions) as sessions,
        sum(customer_months.monetary_amount) as revenue_amount
    from memberships
    inner join customer_months
        on
            memberships.customer_id = customer_months.customer_id
            and memberships.month = customer_months.month
    group by 1, 2, 3

),

returned as (

    select
        moves.previous_segment_id as segment_id,
        moves.month,
        cast(count(*) as bigint) as customers_before,
        cast(sum(
            case when customer_months.frequency_orders > 0 then 1 else 0 end
        ) as bigint) as ordering_customers
    from moves
    inner join customer_months
        on
            moves.customer_id = customer_months.customer_id
            and moves.month = customer_months.month
    where moves.previous_segment_id is not null
    group by 1, 2

),

measured as (

    select
        summed.*,
        returned.customers_before,
        returned.ordering_customers,
        {{ ratio('returned.ordering_customers', 'returned.customers_before') }}
            as retention,
        {{ ratio('summed.revenue_amount', 'summed.orders') }}
            as spend_per_order,
        {{ ratio('summed.orders', 'summed.customers') }} as orders_per_customer,
        {{ ratio('summed.revenue_amount', 'summed.customers') }}
            as spend_per_customer,
        {{ ratio('summed.orders', 'summed.sessions') }} as conversion
    from summed
    left join returned
        on
            summed.segment_id = returned.segment_id
            and summed.month = returned.month

),

keyed as (

    select
        *,
        {{ surrogate_key(['segment_id', 'month']) }} as size_id,
        {{ surrogate_key([
            'segment_id',
            'cast(' ~ dbt.dateadd('month', -1, 'month') ~ ' as date)'
        ]) }} as size_before_id,
        {{ surrogate_key([
            'segmentation', 'month', 'segment_id', 'segment_id'
        ]) }} as path_id
    from measured

)

select * from keyed
