with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

segments_valued as (

    select * from {{ ref('int_segments_valued') }}

),

segmentations as (

    select * from {{ ref('int_segmentations') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

-- What orders sold: what was given back of one is a return of its own.
orders as (

    select
        order_id,
        customer_id,
        order_date,
        amount + returned_amount as amount
    from {{ ref('int_orders_accepted') }}
    where not is_return

),

ordered as (

    select
        memberships.segment_id,
        orders.amount,
        ntile(10) over (
            partition by memberships.segment_id
            order by orders.amount, orders.order_id, orders.customer_id
        ) as tenth
    from segments_valued
    inner join membership_months
        on segments_valued.month = membership_months.month
    inner join segmentations
        on segments_valued.segmentation = segmentations.segmentation
    inner join memberships
        on
            segments_valued.segment_id = memberships.segment_id
            and segments_valued.month = memberships.month
    inner join orders
        on
            memberships.customer_id = orders.customer_id
            and orders.order_date <= membership_months.month_end_date
            and {{ dbt.datediff(
                'orders.order_date', 'membership_months.month_end_date', 'day'
            ) }} < segmentations.recent_days

),

largest as (

    select
        segment_id,
        tenth,
        max(amount) as amount
    from ordered
    where tenth < 10
    group by 1, 2

),

gathered as (

    select
        segment_id,
        {{ series_array(['amount'], 'tenth') }} as order_amounts
    from largest
    group by 1

)

select * from gathered
