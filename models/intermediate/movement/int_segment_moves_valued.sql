-- Moves with the customer's revenue before and after. The first month, in which
-- everybody enters, is left out. A view: it is as long as all memberships.
{{ config(materialized='view') }}

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

joined as (

    select
        moves.segmentation,
        moves.customer_id,
        moves.previous_segment_id as from_segment_id,
        moves.segment_id as to_segment_id,
        moves.cause,
        coalesce(previous_months.monetary_amount, 0) as revenue_before_amount,
        customer_months.monetary_amount as revenue_after_amount,
        moves.is_changed,
        moves.month
    from moves
    inner join months
        on
            moves.segmentation = months.segmentation
            and moves.month > months.first_month
    inner join {{ ref('int_customer_months_measured') }} as customer_months
        on
            moves.customer_id = customer_months.customer_id
            and moves.month = customer_months.month
    left join {{ ref('int_customer_months_measured') }} as previous_months
        on
            moves.customer_id = previous_months.customer_id
            and moves.previous_month = previous_months.month

)

select * from joined
