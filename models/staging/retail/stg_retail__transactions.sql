with transactions as (

    select * from {{ ref('base_retail__transactions') }}

),

order_headers as (

    select * from {{ ref('base_retail__order_headers') }}

),

-- How this input writes numbers and dates, from the whole column. Read anew: an
-- engine that keeps what is read twice would hold every row in memory.
conventions as (

    select
        {% if checked_var('decimal_separator') == 'auto' -%}
        coalesce({{ decimal_comma_evidence('list_price') }}, 0) > 0
        {%- else -%}
        {{ checked_var('decimal_separator') == 'comma' }}
        {%- endif %} as has_decimal_comma,
        {% if checked_var('date_order') == 'auto' -%}
        coalesce({{ day_first_evidence('transaction_date') }}, 0) >= 0
        {%- else -%}
        {{ checked_var('date_order') == 'dmy' }}
        {%- endif %} as is_day_first
    from {{ ref('base_retail__transactions') }}

),

typed as (

    select
        ---------- ids
        {{ clean_id('transactions.transaction_id') }} as transaction_id,
        {{ clean_id("coalesce(transactions.line_id, '1')") }} as line_id,
        {{ clean_id(
            'coalesce(transactions.customer_id, order_headers.customer_id)'
        ) }} as customer_id,
        {{ clean_id('transactions.product_id') }} as product_id,

        ---------- strings
        coalesce(
            {{ clean_status(
                'coalesce(transactions.order_status, order_headers.order_status)'
            ) }}, 'approved'
        ) as order_status,
        transactions.product_line,
        transactions.product_category,
        transactions.brand,
        transactions.product_class,
        transactions.product_size,
        transactions.payment_method,
        transactions.promotion,
        transactions.unreadable_line,
        transactions.left_out_line,
        transactions.raw_row,

        ---------- numerics
        {{ parse_number(
            'transactions.list_price', 'conventions.has_decimal_comma'
        ) }} as list_price,
        case
            when transactions.quantity is null then cast(1 as double)
            else {{ parse_number(
                'transactions.quantity', 'conventions.has_decimal_comma'
            ) }}
        end as quantity,
        case
            when transactions.discount_amount is null then cast(0 as double)
            else {{ parse_number(
                'transactions.discount_amount', 'conventions.has_decimal_comma'
            ) }}
        end as discount_amount,
        {{ parse_number(
            'transactions.standard_cost', 'conventions.has_decimal_comma'
        ) }} as standard_cost,
        case
            when try_cast(transactions.list_price as double) is null then 1
            else 0
        end + case
            when {{ is_excel_date('transactions.transaction_date') }} then 1
            else 0
        end as repaired_values,

        ---------- booleans
        {{ parse_boolean('transactions.online_order') }} as is_online,
        coalesce(
            {{ parse_boolean('transactions.is_return') }}, false
        ) as is_marked_return,
        transactions.is_return is not null
        and {{ parse_boolean('transactions.is_return') }} is null
            as has_unknown_flag,

        ---------- dates
        {{ parse_date(
            'coalesce(transactions.transaction_date, order_headers.transaction_date)',
            'conventions.is_day_first'
        ) }} as transaction_date
    from transactions
    cross join conventions
    left join order_headers
        on transactions.transaction_id = order_headers.transaction_id

)

select * from typed
