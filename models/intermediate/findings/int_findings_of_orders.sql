-- Order ids that other rows have, too, and statuses that are not known.
with transactions as (

    select
        transaction_id,
        order_status,
        reason_code
    from {{ ref('int_transactions_checked') }}

),

totals as (

    select count(*) as of_rows
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

unknown as (

    select
        'unknown_status' as finding_code,
        'order_status' as column_name,
        order_status as value,
        count(*) as found_rows
    from transactions
    where
        reason_code = 'cancelled_or_unknown_status'
        and order_status not in ({{ quoted_list('rejected_order_statuses') }})
    group by 3

),

blank as (

    select
        'blank_status' as finding_code,
        'order_status' as column_name,
        cast(null as string) as value,
        case
            when count(base.order_status) = 0 then 0
            else count(*) - count(
                coalesce(base.order_status, headers.order_status)
            )
        end as found_rows
    from {{ ref('base_retail__transactions') }} as base
    left join {{ ref('base_retail__order_headers') }} as headers
        on base.transaction_id = headers.transaction_id

),

found as (

    select * from repeated
    union all
    select * from unknown
    union all
    select * from blank

)

select
    'transactions' as input_table,
    found.*,
    totals.of_rows
from found
cross join totals
where found.found_rows > 0
