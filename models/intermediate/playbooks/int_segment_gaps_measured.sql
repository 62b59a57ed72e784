-- The pace of a segment: how many days lie between two orders of its members.
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
        orders.order_date
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

),

gaps as (

    select
        segment_id,
        {{ dbt.datediff('lag(order_date) over by_day', 'order_date', 'day') }}
            as gap_days
    from order_days
    window by_day as (partition by segment_id, customer_id order by order_date)

),

measured as (

    select
        segment_id,
        median(cast(gap_days as double)) as usual_gap_days
    from gaps
    where gap_days is not null
    group by 1

)

select * from measured
