with mixes_counted as (

    select * from {{ ref('int_segment_mixes_counted') }}

),

cells_judged as (

    select * from {{ ref('int_cells_judged') }}
    where kind = 'mix'

),

published as (

    select
        mixes_counted.segment_mix_id,
        mixes_counted.segmentation,
        mixes_counted.segment_id,
        mixes_counted.dimension,
        mixes_counted.dimension_value,
        mixes_counted.customers,
        mixes_counted.customers / cast(sum(mixes_counted.customers) over (
            partition by mixes_counted.segment_id, mixes_counted.dimension
        ) as double) as customer_share,
        cells_judged.is_shown
    from mixes_counted
    inner join cells_judged
        on mixes_counted.segment_mix_id = cells_judged.cell_id

)

select * from published
