-- What members as of the month before spent on each day: who is in a segment
-- because of what she spent on a day does not make that day of it.
with segment_days as (

    select
        moves.segmentation,
        moves.previous_segment_id as segment_id,
        days.order_date,
        {{ exact_amount('sum(days.spend_amount)') }} as revenue_amount
    from {{ ref('int_customer_days_spent') }} as days
    inner join {{ ref('int_segment_moves') }} as moves
        on days.customer_id = moves.customer_id
        and cast({{ dbt.date_trunc('month', 'days.order_date') }} as date)
        = moves.month
    where moves.previous_segment_id is not null and days.orders > 0
    group by 1, 2, 3

),

lives as (

    select
        moves.previous_segment_id as segment_id,
        min(moves.month) as first_date,
        max(months.month_end_date) as last_date
    from {{ ref('int_segment_moves') }} as moves
    inner join {{ ref('int_membership_months') }} as months
        on moves.month = months.month
    where moves.previous_segment_id is not null
    group by 1

),

dated as (

    select
        segment_days.*,
        lives.first_date,
        lives.last_date
    from segment_days
    inner join lives on segment_days.segment_id = lives.segment_id

)

select * from dated
