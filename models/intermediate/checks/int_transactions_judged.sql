{% set largest_amount, largest_quantity = '1e12', '1e9' -%}
with transactions as (

    select * from {{ ref('stg_retail__transactions') }}

),

-- Returns are recognised before prices are judged: what has a minus is one, unless
-- the input says that it is none.
signed as (

    select
        *,
        coalesce(
            is_marked_return
            or quantity < 0
            or (list_price < 0 and is_marked_return is null),
            false
        ) as is_return
    from transactions

),

-- A status on the order itself: it was sold, and given back.
recognised as (

    select
        *,
        not is_return and order_status in (
            {{ quoted_list('returned_order_statuses') }}
        ) as is_refunded
    from signed

),

-- The reasons that a row shows by itself, first one that applies.
judged as (

    select
        *,
        case
            when unreadable_line is not null then 'unreadable_line'
            when is_total then 'total_row'
            when transaction_id is null then 'null_transaction'
            when customer_id is null then 'null_customer'
            when has_ambiguous_number then 'ambiguous_amount'
            when
                list_price is null
                or quantity is null
                or discount_amount is null
                or refunded_amount is null
                then 'null_or_unparsable_price'
            when
                abs(quantity) >= {{ largest_quantity }}
                {% for amount in [
                    'list_price * quantity', 'list_price', 'discount_amount',
                    'standard_cost * quantity', 'refunded_amount'
                ] -%}
                or coalesce(abs({{ amount }}), 0) >= {{ largest_amount }}
                {% endfor -%}
                then 'absurd_amount'
            when
                (list_price < 0 and not is_return)
                or abs(list_price * quantity) - abs(discount_amount) <= 0
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

),

-- The sign is said once, by is_return: a return mirrors its sale.
measured as (

    select
        {% for column in [
            'transaction_id', 'line_id', 'customer_id', 'product_id',
            'order_status', 'product_line', 'promotion', 'raw_row'
        ] -%}
        {{ column }},
        {% endfor -%}
        abs(quantity) as quantity,
        {% for column, amount in {
            'list_amount': 'list_price * quantity',
            'discount_amount': 'discount_amount',
            'refunded_amount': 'refunded_amount',
            'cost_amount': 'standard_cost * quantity'
        }.items() -%}
        case
            when abs({{ amount }}) < {{ largest_amount }}
                then {{ exact_amount('abs(' ~ amount ~ ')') }}
        end as {{ column }},
        {% endfor -%}
        repaired_values,
        is_online,
        is_marked_return,
        is_return,
        is_refunded,
        is_return or is_refunded as is_given_back,
        transaction_date,
        own_reason
    from judged

)

select * from measured
