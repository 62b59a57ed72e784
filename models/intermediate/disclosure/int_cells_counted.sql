-- Every count of customers that a reader could meet beside a total of it.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

moves as (

    select * from {{ ref('int_segment_moves') }}

),

mixes_counted as (

    select * from {{ ref('int_segment_mixes_counted') }}

),

months as (

    select
        segmentation,
        min(month) as first_month
    from memberships
    group by 1

),

sizes as (

    select
        segmentation,
        month,
        segment_id,
        max(stage) as stage,
        cast(count(*) as bigint) as customers
    from memberships
    group by 1, 2, 3

),

flows as (

    select
        moves.segmentation,
        moves.month,
        moves.previous_segment_id,
        moves.segment_id,
        max(moves.previous_stage) as previous_stage,
        max(moves.stage) as stage,
        cast(count(*) as bigint) as customers
    from moves
    inner join months
        on
            moves.segmentation = months.segmentation
            and moves.month > months.first_month
    group by 1, 2, 3, 4

),

unioned as (

    select
        {{ surrogate_key(['segment_id', 'month']) }} as cell_id,
        'size' as kind,
        segmentation,
        cast(null as string) as dimension,
        segment_id as row_id,
        cast(null as string) as column_id,
        stage as row_stage,
        cast(null as string) as column_stage,
        customers,
        month
    from sizes
    union all
    select
        {{ surrogate_key([
            'segmentation', 'month', 'previous_segment_id', 'segment_id'
        ]) }} as cell_id,
        'flow' as kind,
        segmentation,
        cast(null as string) as dimension,
        previous_segment_id as row_id,
        segment_id as column_id,
        previous_stage as row_stage,
        stage as column_stage,
        customers,
        month
    from flows
    union all
    select
        segment_mix_id as cell_id,
        'mix' as kind,
        segmentation,
        dimension,
        segment_id as row_id,
        dimension_value as column_id,
        stage as row_stage,
        cast(null as string) as column_stage,
        customers,
        cast(null as date) as month
    from mixes_counted

)

select * from unioned
