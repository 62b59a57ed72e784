-- Which customers the segments of a map share with those of the map before, as
-- counted when the map was drawn.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

overlap_rows as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'overlap'

),

clusters as (

    select * from {{ ref('int_trial_clusters') }}
    where segment_id is not null

),

cells as (

    select
        models.segmentation,
        models.model_version,
        from_clusters.segment_id as from_segment_id,
        to_clusters.segment_id as to_segment_id,
        overlap_rows.customers,
        cast({{ dbt.date_trunc('month', 'models.fitted_to') }} as date) as month
    from overlap_rows
    inner join models
        on overlap_rows.model_version = models.model_version
    inner join clusters as from_clusters
        on
            models.parent_version = from_clusters.model_version
            and overlap_rows.from_cluster_number = from_clusters.cluster_number
    inner join clusters as to_clusters
        on
            overlap_rows.model_version = to_clusters.model_version
            and overlap_rows.cluster_number = to_clusters.cluster_number

),

sized as (

    select
        *,
        sum(customers) over (
            partition by model_version, from_segment_id
        ) as from_customers,
        sum(customers) over (
            partition by model_version, to_segment_id
        ) as to_customers
    from cells

),

compared as (

    select
        segmentation,
        model_version,
        {% for end in ['from', 'to'] -%}
        {{ end }}_segment_id,
        cast({{ end }}_customers as bigint) as {{ end }}_customers,
        {% endfor -%}
        customers,
        coalesce({{ ratio(
            'customers', 'from_customers + to_customers - customers'
        ) }}, 0) as overlap,
        month
    from sized

)

select * from compared
