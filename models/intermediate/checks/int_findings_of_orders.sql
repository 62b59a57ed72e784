-- Order ids that other rows have, too, and statuses that are not known.
with transactions as (

    select
        transaction_id,
        order_status,
        reason_code
    from {{ ref('int_transactions_checked') }}

),

totals as (

    select
        count(*) as of_rows,
        count(*) * {{ var('contradicting_share_threshold') }} as threshold
    from transactions

),

repeated as (

    select
        'repeated_order_ids' as finding_code,
        'transaction_id' as column_name,
        min(transaction_id) as value,
        count(*) as found_rows
    from transactions
    where reason_code = 'conflicting_duplicate_id'

),

statuses as (

    select
        order_status,
        count(*) as found_rows
    from transactions
    where
        reason_code = 'cancelled_or_unknown_status'
        and order_status not in ({{ quoted_list('rejected_order_statuses') }})
    group by 1

),

ranked as (

    select
        *,
        row_number() over (order by found_rows desc, order_status) as place,
        sum(found_rows) over () as all_found_rows
    from statuses

),

found as (

    select *
    from repeated
    where found_rows > (select totals.threshold from totals)
    union all
    select
        'unknown_status' as finding_code,
        'order_status' as column_name,
        order_status as value,
        found_rows
    from ranked
    where place <= 10
    union all
    select
        'many_unknown_statuses' as finding_code,
        'order_status' as column_name,
        order_status as value,
        cast(all_found_rows as bigint) as found_rows
    from ranked
    where
        place = 1
        and all_found_rows > (select totals.threshold from totals)

)

select
    'transactions' as input_table,
    found.*,
    totals.of_rows
from found
cross join totals
