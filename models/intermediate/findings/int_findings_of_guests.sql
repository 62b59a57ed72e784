-- Customers who may stand for many people, for all who ordered as guests.
with customers as (

    select
        customer_id,
        count(*) as orders
    from {{ ref('int_transactions_checked') }}
    where reason_code is null
    group by 1

),

ranked as (

    select
        *,
        sum(orders) over () as all_orders,
        row_number() over (order by orders desc, customer_id) as place,
        lead(orders) over (order by orders desc, customer_id) as next_orders
    from customers

)

select
    'transactions' as input_table,
    'guest_customer' as finding_code,
    'customer_id' as column_name,
    customer_id as value,
    orders as found_rows,
    all_orders as of_rows
from ranked
where
    orders > 1 and lower(customer_id) in (
        'guest', 'gast', 'invité', 'invitado', 'anonymous', 'anonym',
        'unknown', 'walk-in', 'no account', 'default'
    )
    or place = 1
    and orders > 0.1 * all_orders
    and (
        customer_id in ('0', '-1') and orders > 2 * next_orders
        or orders >= 20 and orders > 5 * next_orders
    )
