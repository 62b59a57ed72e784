-- Who was in which segment at an origin, and who was a customer at all then.
-- A view: it is read twice, and as long as memberships.
{{ config(materialized='view') }}

with customers as (

    select
        customer_id,
        min(month) as first_month
    from {{ ref('int_customer_months_measured') }}
    group by 1

),

segments as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.customer_id,
        memberships.month as origin_month,
        customers.first_month
    from {{ ref('int_segment_memberships') }} as memberships
    inner join {{ ref('int_forecast_origins') }} as origins
        on memberships.month = origins.origin_month
    inner join customers
        on memberships.customer_id = customers.customer_id

),

shop as (

    select
        'total' as segmentation,
        'total' as segment_id,
        customers.customer_id,
        origins.origin_month,
        customers.first_month
    from customers
    inner join {{ ref('int_forecast_origins') }} as origins
        on customers.first_month <= origins.origin_month

),

members as (

    select * from segments
    union all
    select * from shop

)

select * from members
