-- Nothing is computed from an input that contradicts itself.
-- depends_on: {{ ref('int_input_findings') }}
{% set transactions = ref('int_transactions_checked') -%}
with refunded as (

    select distinct
        transaction_id,
        coalesce(product_id, '') as product_id
    from {{ transactions }}
    where reason_code is null and is_refunded

),

-- Products that an order has sold in one row and refunded in another.
resold as (

    select distinct refunded.*
    from refunded
    inner join {{ transactions }} as transactions
        on
            refunded.transaction_id = transactions.transaction_id
            and refunded.product_id = coalesce(transactions.product_id, '')
    where
        transactions.reason_code is null
        and not transactions.is_refunded
        and not transactions.is_return

),

-- A return is booked against a sale in another row. A row that was refunded is
-- sale and return in one, unless the sale stands beside it.
booked as (

    select
        transactions.*,
        transactions.list_amount - transactions.discount_amount as net_amount,
        transactions.is_return or resold.transaction_id is not null
            as is_booking,
        case
            when transactions.is_refunded and transactions.refunded_amount = 0
                then transactions.list_amount - transactions.discount_amount
            else transactions.refunded_amount
        end as given_back_amount
    from {{ transactions }} as transactions
    left join resold
        on
            transactions.is_refunded
            and transactions.transaction_id = resold.transaction_id
            and coalesce(transactions.product_id, '') = resold.product_id
    where transactions.reason_code is null

),

summed as (

    select
        transaction_id as order_id,
        customer_id,
        min(product_line) as product_line,
        count(*) as lines,
        sum(case when not is_booking then quantity else 0 end) as items,
        {% for column in [
            'list_amount', 'discount_amount', 'cost_amount', 'given_back_amount'
        ] -%}
        sum(case when not is_booking then {{ column }} else 0 end)
            as {{ column }},
        {% endfor -%}
        sum(case when not is_booking then net_amount else 0 end)
            as sold_amount,
        sum(case when is_booking then net_amount else 0 end) as booked_amount,
        min(case when is_booking then 1 else 0 end) = 1 as is_return,
        max(case when is_unmatched_return then 1 else 0 end) = 1
            as holds_unmatched,
        max(case when is_online then 1 else 0 end) = 1 as is_online,
        max(case when promotion is not null then 1 else 0 end) = 1
            as is_promotion,
        min(transaction_date) as order_date
    from booked
    group by transaction_id, customer_id

),

-- No more is given back of an order than it brought: shipping and tax, which
-- some refunds include, never were in its amount.
returned as (

    select
        *,
        booked_amount + least(
            given_back_amount, greatest(sold_amount - booked_amount, 0)
        ) as returned_amount
    from summed

),

orders as (

    select
        order_id,
        customer_id,
        product_line,
        lines,
        items,
        list_amount,
        discount_amount,
        returned_amount,
        cost_amount,
        sold_amount - returned_amount as amount,
        is_return,
        is_return and holds_unmatched as is_unmatched_return,
        is_online,
        is_promotion,
        order_date
    from returned

)

select * from orders
