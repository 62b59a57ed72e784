-- Where a customer lies in a month, as the model in force sees it; and, in a
-- month in which a new map came into force, as the one before still does.
with customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

segmentations as (

    select * from {{ ref('int_segmentations') }}

),

models as (

    select * from {{ ref('int_models_in_force') }}

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

-- Of a segmentation and month, the model in force and the one before it.
scored as (

    select
        segmentations.segmentation,
        segmentations.series,
        membership_months.month,
        max(case when membership_months.month <= models.in_force_to
            then models.model_version end) as model_version,
        max(case when membership_months.month > models.in_force_to
            then models.model_version end) as frozen_version
    from segmentations
    cross join membership_months
    left join models
        on
            segmentations.segmentation = models.segmentation
            and membership_months.month >= models.in_force_from
            and membership_months.month <= {{ dbt.dateadd(
                'month', 1, 'models.in_force_to'
            ) }}
    group by 1, 2, 3

),

joined as (

    select
        scored.segmentation,
        customer_stages.customer_id,
        customer_stages.stage,
        scored.model_version,
        scored.frozen_version,
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
    inner join scored
        on
            customer_stages.series = scored.series
            and customer_stages.month = scored.month
    left join assignments
        on
            scored.model_version = assignments.model_version
            and customer_stages.customer_id = assignments.customer_id
            and customer_stages.month = assignments.month
    left join assignments as frozen
        on
            scored.frozen_version = frozen.model_version
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
