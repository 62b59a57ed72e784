-- Ids of customers that are alike but for capitals and leading zeros.
with customers as (

    select distinct customer_id
    from {{ ref('int_transactions_checked') }}
    where reason_code is null

),

alike as (

    select
        min(customer_id) as value,
        count(*) as customers
    from customers
    group by lower({{ remove_pattern('customer_id', '^0+') }})
    having count(*) > 1

)

select
    'transactions' as input_table,
    'customers_alike' as finding_code,
    'customer_id' as column_name,
    min(value) as value,
    sum(customers) as found_rows,
    (select count(*) from customers) as of_rows
from alike
having count(*) > 0
