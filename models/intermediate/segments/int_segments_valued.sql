-- Judged a month ago: a cluster that everybody has left is to be heard of.
-- Whoever outweighs the rest of her cluster is left out of the means.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}
    where cluster_number is not null

),

membership_months as (

    select * from {{ ref('int_membership_months') }}
    where months_back = 1

),

segmentations as (

    select * from {{ ref('int_segmentations') }}

),

customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

weighed as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.cluster_number,
        memberships.customer_id,
        customer_months.orders_12_months,
        customer_months.items_12_months,
        customer_months.revenue_12_months_amount,
        {{ customer_weight(
            'customer_months.revenue_12_months_amount',
            ['memberships.segment_id', 'memberships.month']
        ) }} as customer_weight,
        memberships.month
    from memberships
    inner join membership_months
        on memberships.month = membership_months.month
    inner join customer_months
        on
            memberships.customer_id = customer_months.customer_id
            and memberships.month = customer_months.month

),

members as (

    select * from weighed
    where not coalesce({{ outweighs('customer_weight') }}, false)

),

populations as (

    select
        segmentation,
        {{ average('revenue_12_months_amount') }} as revenue_12_months_amount
    from members
    group by 1

),

segments as (

    select
        segmentation,
        segment_id,
        month,
        min(cluster_number) as cluster_number,
        {{ average('revenue_12_months_amount') }} as revenue_12_months_amount,
        {{ ratio('sum(items_12_months)', 'sum(orders_12_months)') }}
            as items_per_order
    from members
    group by 1, 2, 3

),

valued as (

    select
        segments.segment_id,
        segments.segmentation,
        segmentations.series,
        segments.cluster_number,
        segments.revenue_12_months_amount,
        populations.revenue_12_months_amount
            as population_revenue_12_months_amount,
        segments.items_per_order,
        segments.month
    from segments
    inner join populations
        on segments.segmentation = populations.segmentation
    inner join segmentations
        on segments.segmentation = segmentations.segmentation
    where
        segments.revenue_12_months_amount > 0
        and segments.revenue_12_months_amount
        > populations.revenue_12_months_amount

)

select * from valued
