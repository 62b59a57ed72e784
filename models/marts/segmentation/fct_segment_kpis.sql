-- Each number stands on customers whose count may be shown, or is not shown:
-- who ordered again needs those of the month before, those who stayed (whoever
-- orders is no longer lapsed), and enough who ordered and who did not.
{% set few = 'between 1 and ' ~ (var('smallest_cell') - 1) -%}
{% set kpis = [
    'retention', 'spend_per_order', 'orders_per_customer', 'spend_per_customer',
    'conversion'
] -%}

with measured as (

    select * from {{ ref('int_segment_kpis_measured') }}

),

cells as (

    select * from {{ ref('int_cells_judged') }}

),

advised as (

    select * from {{ ref('int_segments_advised') }}

),

judged as (

    select
        measured.*,
        coalesce(sizes.is_shown, false) as is_size_shown,
        coalesce(
            sizes_before.is_shown and paths.is_shown
            and measured.ordering_customers not {{ few }}
            and measured.customers_before - measured.ordering_customers
            not {{ few }},
            false
        ) as is_retention_shown
    from measured
    left join cells as sizes
        on measured.size_id = sizes.cell_id and sizes.kind = 'size'
    left join cells as sizes_before
        on
            measured.size_before_id = sizes_before.cell_id
            and sizes_before.kind = 'size'
    left join cells as paths
        on measured.path_id = paths.cell_id and paths.kind = 'flow'

),

unioned as (

    {% for kpi in kpis -%}
    select
        segmentation,
        segment_id,
        '{{ kpi }}' as kpi,
        customers,
        {{ kpi }} as kpi_value,
        is_size_shown
        {{- ' and is_retention_shown' if kpi == 'retention' }} as is_shown,
        month
    from judged
    where {{ kpi }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

published as (

    select
        {{ surrogate_key([
            'unioned.segment_id', 'unioned.kpi', 'unioned.month'
        ]) }} as segment_kpi_id,
        unioned.segmentation,
        unioned.segment_id,
        unioned.kpi,
        unioned.customers,
        unioned.kpi_value,
        coalesce(unioned.kpi = advised.kpi, false) as is_kpi_of_playbook,
        unioned.is_shown,
        unioned.month
    from unioned
    left join advised
        on unioned.segment_id = advised.segment_id

)

select * from published
