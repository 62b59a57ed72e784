-- Which customers the segments of a map share with those of the map before, as
-- counted when the map was drawn.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

parents as (

    select * from {{ ref('int_segmentation_trials') }}
    where is_chosen

),

redrawn as (

    select
        models.segmentation,
        models.model_version,
        models.segment_numbers,
        parents.segment_numbers as parent_numbers,
        models.overlap_customers,
        cast(models.k as bigint) as k,
        cast({{ dbt.date_trunc('month', 'models.fitted_to') }} as date) as month
    from models
    inner join parents
        on models.parent_version = parents.model_version

),

cells as (

    {{ unnest_arrays(
        'redrawn',
        [
            'segmentation', 'model_version', 'segment_numbers',
            'parent_numbers', 'k', 'month'
        ],
        ['overlap_customers']
    ) }}

),

numbered as (

    select
        segmentation,
        model_version,
        month,
        cast(overlap_customers as bigint) as customers,
        {{ array_element(
            'parent_numbers', 'cast(floor((position - 1) / k) as bigint) + 1'
        ) }} as from_number,
        {{ array_element(
            'segment_numbers',
            'mod(cast(position - 1 as bigint), k) + 1'
        ) }} as to_number
    from cells

),

sized as (

    select
        *,
        sum(customers) over (
            partition by model_version, from_number
        ) as from_customers,
        sum(customers) over (
            partition by model_version, to_number
        ) as to_customers
    from numbered

),

compared as (

    select
        segmentation,
        model_version,
        {% for end in ['from', 'to'] -%}
        {{ dbt.concat([
            'segmentation', "'-'", 'cast(' ~ end ~ '_number as string)'
        ]) }} as {{ end }}_segment_id,
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
