-- Where a customer lies in a month, as the model in force sees it; and, in a
-- month in which a new map came into force, as the one before still does.
{{ config(materialized='view') }}

with customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

segmentation_months as (

    select * from {{ ref('int_segmentation_months') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

assignments as (

    select assignments.*
    from {{ ref('int_customer_assignments') }} as assignments
    inner join membership_months
        on
            assignments.month = membership_months.month
            and assignments.fingerprint = membership_months.fingerprint

),

joined as (

    select
        segmentation_months.segmentation,
        customer_stages.customer_id,
        customer_stages.stage,
        segmentation_months.model_version,
        segmentation_months.frozen_version,
        segmentation_months.state,
        customer_stages.orders_in_window,
        assignments.cluster_number,
        assignments.segment_number,
        frozen.segment_number as frozen_number,
        assignments.distance,
        assignments.next_distance,
        assignments.confidence,
        frozen.confidence as frozen_confidence,
        customer_stages.month
    from customer_stages
    inner join segmentation_months
        on
            customer_stages.series = segmentation_months.series
            and customer_stages.month = segmentation_months.month
    left join assignments
        on
            segmentation_months.model_version = assignments.model_version
            and customer_stages.customer_id = assignments.customer_id
            and customer_stages.month = assignments.month
    left join assignments as frozen
        on
            segmentation_months.frozen_version = frozen.model_version
            and customer_stages.customer_id = frozen.customer_id
            and customer_stages.month = frozen.month

),

-- Customers who are not clustered form a segment per stage.
placements as (

    select
        *,
        {{ dbt.concat([
            'segmentation', "'-'",
            'coalesce(cast(segment_number as string), stage)'
        ]) }} as nearest_segment_id,
        {{ dbt.concat([
            'segmentation', "'-'",
            'coalesce(cast(frozen_number as string), stage)'
        ]) }} as frozen_nearest_segment_id
    from joined

)

select * from placements
