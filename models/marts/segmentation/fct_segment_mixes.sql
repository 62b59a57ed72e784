-- Values of a dimension share out all members: who is unknown counts, too.
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
        {{ share(
            'mixes_counted.customers',
            'sum(mixes_counted.customers) over of_dimension'
        ) }} as customer_share,
        cells_judged.is_shown
    from mixes_counted
    inner join cells_judged
        on mixes_counted.segment_mix_id = cells_judged.cell_id
    window of_dimension as (
        partition by mixes_counted.segment_id, mixes_counted.dimension
    )

)

select * from published
