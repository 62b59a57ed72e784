-- What each row is, and what it is worth without its sign: a return mirrors its
-- sale, discount and all.
{{ config(materialized='view') }}
{% set amounts = {
    'list_amount': 'list_price * quantity',
    'discount_amount': 'discount_amount',
    'refunded_amount': 'refunded_amount',
    'cost_amount': 'standard_cost * quantity'
} -%}
{% set largest_amount, largest_quantity = '1e12', '1e9' -%}
with transactions as (

    select * from {{ ref('stg_retail__transactions') }}

),

-- What has a minus is a return, unless the input says of a price that it isn't.
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
refunded as (

    select
        *,
        not is_return and order_status in (
            {{ quoted_list('returned_order_statuses') }}
        ) as is_refunded
    from signed

),

recognised as (

    select
        {% for column in [
            'transaction_id', 'line_id', 'customer_id', 'product_id',
            'order_status', 'product_line', 'promotion', 'unreadable_line',
            'left_out_line', 'raw_row', 'list_price'
        ] -%}
        {{ column }},
        {% endfor -%}
        abs(quantity) as quantity,
        {% for column, amount in amounts.items() -%}
        case
            when abs({{ amount }}) < {{ largest_amount }}
                then {{ exact_amount('abs(' ~ amount ~ ')') }}
        end as {{ column }},
        {% endfor -%}
        repaired_values,
        is_online,
        is_total,
        is_marked_return,
        is_return,
        is_refunded,
        is_return or is_refunded as is_given_back,
        has_unknown_flag,
        has_ambiguous_number,
        list_price is null
        or quantity is null
        or discount_amount is null
        or refunded_amount is null as has_unread_number,
        abs(quantity) >= {{ largest_quantity }}
        {% for amount in amounts.values() -%}
        or coalesce(abs({{ amount }}), 0) >= {{ largest_amount }}
        {% endfor -%}
        as has_absurd_number,
        transaction_date
    from refunded

)

select * from recognised
