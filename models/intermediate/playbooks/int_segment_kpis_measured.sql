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

stayed as (

    select
        previous_segment_id as segment_id,
        month,
        cast(count(*) as bigint) as customers_before,
        cast(sum(case when segment_id = previous_segment_id then 1 else 0 end)
            as bigint) as stayed_customers
    from moves
    where
        previous_segment_id is not null
        and coalesce(model_version = previous_model_version, true)
    group by 1, 2

),

measured as (

    select
        summed.*,
        {{ ratio('stayed.stayed_customers', 'stayed.customers_before') }}
            as retention,
        {{ ratio('summed.revenue_amount', 'summed.orders') }}
            as spend_per_order,
        {{ ratio('summed.orders', 'summed.customers') }} as orders_per_customer,
        {{ ratio('summed.revenue_amount', 'summed.customers') }}
            as spend_per_customer,
        {{ ratio('summed.orders', 'summed.sessions') }} as conversion
    from summed
    left join stayed
        on
            summed.segment_id = stayed.segment_id
            and summed.month = stayed.month

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
