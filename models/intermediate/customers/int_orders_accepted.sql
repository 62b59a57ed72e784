-- Nothing is computed from an input that contradicts itself.
-- depends_on: {{ ref('int_input_findings') }}
with transactions as (

    select * from {{ ref('int_transactions_checked') }}
    where reason_code is null

),

signed as (

    select
        *,
        case when is_return then -1 else 1 end
        * (list_amount - discount_amount) as amount
    from transactions

),

orders as (

    select
        transaction_id as order_id,
        customer_id,
        min(product_line) as product_line,
        count(*) as lines,
        sum(case when not is_return then quantity else 0 end) as items,
        sum(case when not is_return then list_amount else 0 end) as list_amount,
        sum(case when not is_return then discount_amount else 0 end)
            as discount_amount,
        sum(case when is_return then -amount else 0 end) as returned_amount,
        sum(case when not is_return then cost_amount else 0 end) as cost_amount,
        sum(amount) as amount,
        min(case when is_return then 1 else 0 end) = 1 as is_return,
        max(case when is_online then 1 else 0 end) = 1 as is_online,
        max(case when promotion is not null then 1 else 0 end) = 1
            as is_promotion,
        min(transaction_date) as order_date
    from signed
    group by transaction_id, customer_id

)

select * from orders
