-- Each row that was read is here, in fct_rejected_rows, or merged as a
-- duplicate of one that is.
with orders as (

    select * from {{ ref('int_orders_accepted') }}

),

published as (

    select
        order_id,
        customer_id,
        product_line,
        cast(lines as bigint) as lines,
        cast(items as double) as items,
        cast(amount as double) as amount,
        cast(list_amount as double) as list_amount,
        cast(discount_amount as double) as discount_amount,
        cast(returned_amount as double) as returned_amount,
        cast(cost_amount as double) as cost_amount,
        is_return,
        is_unmatched_return,
        is_online,
        is_promotion,
        order_date
    from orders

)

select * from published
