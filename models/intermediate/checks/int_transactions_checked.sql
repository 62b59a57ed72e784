with judged as (

    select * from {{ ref('int_transactions_judged') }}

),

-- Copies and conflicts are looked for among the rows that are good so far.
numbered as (

    select
        *,
        row_number() over (
            partition by transaction_id, line_id, own_reason is null
            order by raw_row
        ) as copy_number,
        first_value(raw_row) over (
            partition by transaction_id, line_id, own_reason is null
            order by raw_row
        ) as kept_row,
        min(customer_id) over (
            partition by transaction_id, own_reason is null
        ) as order_customer_id
    from judged

),

reasoned as (

    select
        *,
        case
            when own_reason is not null then own_reason
            when copy_number > 1 and raw_row = kept_row then 'exact_duplicate'
            when copy_number > 1 or customer_id <> order_customer_id
                then 'conflicting_duplicate_id'
        end as row_reason
    from numbered

),

-- A return of something bought before the data begin has no order to reduce.
placed as (

    select
        *,
        min(case
            when row_reason is null and not is_return then transaction_date
        end) over (partition by customer_id) as first_order_date
    from reasoned

),

checked as (

    select
        transaction_id,
        line_id,
        customer_id,
        product_id,
        order_status,
        product_line,
        promotion,
        raw_row,
        case
            when row_reason is not null then row_reason
            when
                is_return
                and transaction_date < coalesce(
                    first_order_date, cast('9999-12-31' as date)
                )
                then 'return_before_first_order'
        end as reason_code,
        abs(quantity) as quantity,
        {{ exact_amount('abs(list_price * quantity)') }} as list_amount,
        {{ exact_amount('discount_amount') }} as discount_amount,
        {{ exact_amount('standard_cost * abs(quantity)') }} as cost_amount,
        repaired_values,
        is_online,
        is_return,
        transaction_date
    from placed

)

select * from checked
