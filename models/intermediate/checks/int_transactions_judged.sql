with transactions as (

    select * from {{ ref('stg_retail__transactions') }}

),

-- Returns are recognised before prices are judged.
recognised as (

    select
        *,
        coalesce(
            is_marked_return
            or order_status in ({{ quoted_list('returned_order_statuses') }})
            or (quantity < 0 and list_price > 0),
            false
        ) as is_return
    from transactions

),

-- The reasons that a row shows by itself, first one that applies.
judged as (

    select
        *,
        case
            when unreadable_line is not null then 'unreadable_line'
            when left_out_line is not null then 'left_out_by_mapping'
            when transaction_id is null then 'null_transaction'
            when customer_id is null then 'null_customer'
            when has_unknown_flag then 'unknown_flag'
            when customer_id in ({{ guest_ids() }}) then 'guest_order'
            when
                list_price is null
                or quantity is null
                or discount_amount is null
                or abs(list_price * quantity) >= 1e13
                or abs(discount_amount) >= 1e13
                then 'null_or_unparsable_price'
            when list_price = 0 or quantity = 0 then 'non_positive_price'
            when
                not is_return
                and list_price * quantity - discount_amount <= 0
                then 'non_positive_price'
            when transaction_date is null then 'unparsable_date'
            when
                transaction_date
                > cast('{{ var("latest_order_date") }}' as date)
                then 'date_in_the_future'
            when
                transaction_date
                < cast('{{ var("earliest_order_date") }}' as date)
                then 'date_before_earliest'
            when
                order_status not in (
                    {{ quoted_list('accepted_order_statuses') }},
                    {{ quoted_list('returned_order_statuses') }}
                )
                then 'cancelled_or_unknown_status'
        end as own_reason
    from recognised

)

select * from judged
