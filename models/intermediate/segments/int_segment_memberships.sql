with customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

segmentations as (

    select * from {{ ref('int_segmentations') }}

),

customer_assignments as (

    select * from {{ ref('int_customer_assignments') }}

),

joined as (

    select
        segmentations.segmentation,
        customer_stages.customer_id,
        customer_stages.stage,
        customer_stages.orders_in_window,
        customer_assignments.cluster_number,
        customer_assignments.distance,
        customer_assignments.next_distance,
        customer_assignments.confidence,
        customer_stages.month
    from customer_stages
    inner join segmentations
        on customer_stages.series = segmentations.series
    left join customer_assignments
        on
            segmentations.segmentation = customer_assignments.segmentation
            and customer_stages.customer_id = customer_assignments.customer_id
            and customer_stages.month = customer_assignments.month

),

-- Customers who are not clustered form a segment per stage.
memberships as (

    select
        {{ surrogate_key(['segmentation', 'customer_id', 'month']) }}
            as customer_segment_id,
        segmentation,
        customer_id,
        {{ dbt.concat([
            'segmentation', "'-'",
            'coalesce(cast(cluster_number as string), stage)'
        ]) }} as segment_id,
        stage,
        cluster_number,
        distance,
        next_distance,
        confidence,
        month
    from joined

)

select * from memberships
