-- Each path between two segments with what its customers' revenue changed by.
with moves as (

    select * from {{ ref('int_segment_moves_valued') }}
    where is_changed

),

gathered as (

    select
        {{ surrogate_key([
            'segmentation', 'month', 'from_segment_id', 'to_segment_id', 'cause'
        ]) }} as segment_migration_id,
        {{ series_array(
            ['revenue_after_amount - revenue_before_amount'], 'customer_id'
        ) }} as revenue_changes
    from moves
    group by segmentation, month, from_segment_id, to_segment_id, cause

)

select * from gathered
