{% set earliest = checked_var('earliest_order_date') -%}
{% set latest = checked_var('latest_order_date') -%}
with transactions as (

    select * from {{ ref('int_transactions_recognised') }}

),

-- The reasons that a row shows by itself, first one that applies.
judged as (

    select
        *,
        case
            when unreadable_line is not null then 'unreadable_line'
            when left_out_line is not null then 'left_out_by_mapping'
            when is_total then 'total_row'
            when transaction_id is null then 'null_transaction'
            when customer_id is null then 'null_customer'
            when has_unknown_flag then 'unknown_flag'
            when customer_id in ({{ guest_ids() }}) then 'guest_order'
            when has_ambiguous_number then 'ambiguous_amount'
            when has_unread_number then 'null_or_unparsable_price'
            when has_absurd_number then 'absurd_amount'
            when
                (list_price < 0 and not is_return)
                or list_amount <= discount_amount
                then 'non_positive_price'
            when transaction_date is null then 'unparsable_date'
            when transaction_date > date '{{ latest }}'
                then 'date_in_the_future'
            when transaction_date < date '{{ earliest }}'
                then 'date_before_earliest'
            when
                order_status not in (
                    {{ quoted_list('accepted_order_statuses') }},
                    {{ quoted_list('returned_order_statuses') }}
                )
                then 'cancelled_or_unknown_status'
        end as own_reason
    from transactions

)

select * from judged
