-- Customers before, less who left, and who came: the customers of the month.
with moves as (

    select * from {{ ref('int_segment_moves_valued') }}

),

intervals as (

    select * from {{ ref('int_migration_intervals') }}

),

cells_judged as (

    select * from {{ ref('int_cells_judged') }}
    where kind = 'flow'

),

summed as (

    select
        segmentation,
        from_segment_id,
        to_segment_id,
        cause,
        cast(count(*) as bigint) as customers,
        cast(sum(revenue_before_amount) as double) as revenue_before_amount,
        cast(sum(revenue_after_amount) as double) as revenue_after_amount,
        cast(sum(revenue_after_amount - revenue_before_amount) as double)
            as revenue_change_amount,
        is_changed,
        month
    from moves
    group by
        segmentation, from_segment_id, to_segment_id, cause, is_changed, month

),

keyed as (

    select
        {{ surrogate_key([
            'segmentation', 'month', 'from_segment_id', 'to_segment_id', 'cause'
        ]) }} as segment_migration_id,
        *,
        is_changed and revenue_change_amount > 0 as is_gain,
        is_changed and revenue_change_amount < 0 as is_loss
    from summed

),

published as (

    select
        keyed.segment_migration_id,
        keyed.segmentation,
        keyed.from_segment_id,
        keyed.to_segment_id,
        befores.persona as from_persona,
        afters.persona as to_persona,
        keyed.cause,
        keyed.customers,
        {{ share('keyed.customers', 'sum(keyed.customers) over from_segment') }}
            as from_share,
        keyed.revenue_before_amount,
        keyed.revenue_after_amount,
        keyed.revenue_change_amount,
        intervals.revenue_change_low_amount,
        intervals.revenue_change_high_amount,
        case
            when keyed.is_gain
                then cast(row_number() over (
                    partition by
                        keyed.segmentation, keyed.month, keyed.is_gain
                    order by
                        keyed.revenue_change_amount desc,
                        keyed.segment_migration_id
                ) as bigint)
        end as gain_rank,
        case
            when keyed.is_loss
                then cast(row_number() over (
                    partition by
                        keyed.segmentation, keyed.month, keyed.is_loss
                    order by
                        keyed.revenue_change_amount, keyed.segment_migration_id
                ) as bigint)
        end as loss_rank,
        cells_judged.is_shown as is_path_shown,
        cells_judged.is_shown
        and min(keyed.customers) over (partition by cells_judged.cell_id)
        >= {{ var('smallest_cell') }} as is_shown,
        keyed.month
    from keyed
    inner join cells_judged
        on {{ surrogate_key([
            'keyed.segmentation', 'keyed.month',
            'keyed.from_segment_id', 'keyed.to_segment_id'
        ]) }} = cells_judged.cell_id
    left join intervals
        on keyed.segment_migration_id = intervals.segment_migration_id
    left join {{ ref('int_segment_personas') }} as befores
        on
            keyed.from_segment_id = befores.segment_id
            and keyed.month = {{ dbt.dateadd('month', 1, 'befores.month') }}
    inner join {{ ref('int_segment_personas') }} as afters
        on
            keyed.to_segment_id = afters.segment_id
            and keyed.month = afters.month
    window from_segment as (
        partition by keyed.segmentation, keyed.month, keyed.from_segment_id
    )

)

select * from published
