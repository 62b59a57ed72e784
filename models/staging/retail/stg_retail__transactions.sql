{% set written_date =
    'coalesce(transactions.transaction_date, order_headers.transaction_date)' -%}
with transactions as (

    select * from {{ ref('base_retail__transactions') }}

),

number_conventions as (

    select * from {{ ref('base_retail__number_conventions') }}

),

order_headers as (

    select * from {{ ref('base_retail__order_headers') }}

),

date_conventions as (

    select *
    from {{ ref('base_retail__date_conventions') }}
    where input_table = 'transactions'

),

worded_dates as (

    select * from {{ ref('base_retail__worded_dates') }}

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
        {% for column, absent in {
            'list_price': 'null',
            'quantity': '1',
            'discount_amount': '0',
            'standard_cost': 'null',
            'refunded_amount': '0'
        }.items() -%}
        {{ column_number(column, absent) }} as {{ column }},
        {% endfor -%}
        case
            when try_cast(transactions.list_price as double) is null then 1
            else 0
        end + case
            when {{ is_excel_date('transactions.transaction_date') }} then 1
            else 0
        end as repaired_values,

        ---------- booleans
        {{ parse_boolean('transactions.online_order') }} as is_online,
        {{ parse_boolean('transactions.is_return') }} as is_marked_return,
        {{ is_total(
            'coalesce(transactions.transaction_id, transactions.customer_id, '
            ~ 'transactions.transaction_date)'
        ) }} as is_total,
        case
            when number_conventions.decimal_mark is null then
                {% for column in number_columns() -%}
                {{ 'or ' if not loop.first }}coalesce(
                    {{ column }}_texts.form like 'undecided%', false
                )
                {% endfor -%}
            else false
        end as has_ambiguous_number,
        transactions.is_return is not null
        and {{ parse_boolean('transactions.is_return') }} is null
            as has_unknown_flag,

        ---------- dates
        {{ parse_date(written_date) }} as transaction_date
    from transactions
    cross join number_conventions
    cross join date_conventions
    {% for column in number_columns() -%}
    left join {{ ref('base_retail__number_texts') }} as {{ column }}_texts
        on
            transactions.{{ column }} = {{ column }}_texts.text
            and {{ column }}_texts.column_name = '{{ column }}'
            and not {{ column }}_texts.is_plain
    {% endfor -%}
    left join order_headers
        on transactions.transaction_id = order_headers.transaction_id
    left join worded_dates
        on worded_dates.words = {{ date_words(written_date) }}

)

select * from typed
