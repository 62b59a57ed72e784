with moves as (

    select * from {{ ref('int_segment_moves') }}

),

months as (

    select
        segmentation,
        min(month) as first_month
    from moves
    group by 1

),

customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

joined as (

    select
        moves.segmentation,
        moves.previous_segment_id as from_segment_id,
        moves.segment_id as to_segment_id,
        moves.cause,
        moves.month,
        coalesce(previous_months.monetary_amount, 0) as revenue_before_amount,
        customer_months.monetary_amount as revenue_after_amount
    from moves
    inner join months
        on
            moves.segmentation = months.segmentation
            and moves.month > months.first_month
    inner join customer_months
        on
            moves.customer_id = customer_months.customer_id
            and moves.month = customer_months.month
    left join customer_months as previous_months
        on
            moves.customer_id = previous_months.customer_id
            and moves.previous_month = previous_months.month

),

summed as (

    select
        segmentation,
        from_segment_id,
        to_segment_id,
        cause,
        month,
        cast(count(*) as bigint) as customers,
        cast(sum(revenue_before_amount) as double) as revenue_before_amount,
        cast(sum(revenue_after_amount) as double) as revenue_after_amount
    from joined
    group by 1, 2, 3, 4, 5

),

published as (

    select
        {{ surrogate_key(
            ['segmentation', 'month', 'from_segment_id', 'to_segment_id']
        ) }} as segment_migration_id,
        segmentation,
        from_segment_id,
        to_segment_id,
        cause,
        customers,
        customers / cast(sum(customers) over (
            partition by segmentation, month, from_segment_id
        ) as double) as from_share,
        revenue_before_amount,
        revenue_after_amount,
        revenue_after_amount - revenue_before_amount as revenue_change_amount,
        month
    from summed

)

select * from published
