-- Ids that may stand for many people, or several for one.
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

),

guests as (

    select
        'guest_customer' as finding_code,
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

),

alike as (

    select
        min(customer_id) as value,
        count(*) as customers
    from customers
    group by lower({{ remove_pattern('customer_id', '^0+') }})
    having count(*) > 1

),

found as (

    select * from guests
    union all
    select
        'customers_alike' as finding_code,
        min(value) as value,
        sum(customers) as found_rows,
        (select count(*) from customers) as of_rows
    from alike
    having count(*) > 0

)

select
    'transactions' as input_table,
    'customer_id' as column_name,
    *
from found
