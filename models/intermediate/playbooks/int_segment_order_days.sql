-- The days of the last year on which today's members ordered, each once.
with members as (

    select * from {{ ref('int_segment_members') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

order_days as (

    select distinct
        members.segment_id,
        members.customer_id,
        orders.order_date,
        as_of_dates.as_of_date
    from members
    inner join {{ ref('int_orders_accepted') }} as orders
        on members.customer_id = orders.customer_id
    inner join as_of_dates
        on
            orders.order_date <= as_of_dates.as_of_date
            and orders.order_date > {{ dbt.dateadd(
                'month', -12, 'as_of_dates.as_of_date'
            ) }}
    where not orders.is_return

)

select * from order_days
