-- Copies and conflicts are looked for among the rows that are good so far; a
-- sale and what gives it back may have one id. They are read in each step, not
-- once at the top: an engine that keeps what is used twice would hold every row,
-- with its text, in memory.
{% set judged_rows = ref('int_transactions_judged') -%}
with contested as (

    select transaction_id as order_id
    from {{ judged_rows }}
    where own_reason is null
    group by 1
    having
        count(*) > count(distinct case when is_given_back then line_id end)
        + count(distinct case when not is_given_back then line_id end)
        or min(customer_id) <> max(customer_id)

),

settled as (

    select
        judged.*,
        case
            when
                row_number() over by_line > 1
                and judged.raw_row = first_value(judged.raw_row) over by_line
                then 'exact_duplicate'
            when
                row_number() over by_line > 1
                or judged.customer_id <> min(judged.customer_id) over by_order
                then 'conflicting_duplicate_id'
        end as row_reason
    from {{ judged_rows }} as judged
    inner join contested
        on judged.transaction_id = contested.order_id
    where judged.own_reason is null
    window by_order as (partition by judged.transaction_id), by_line as (
        partition by
            judged.transaction_id, judged.line_id, judged.is_given_back
        order by judged.raw_row
    )

),

reasoned as (

    select
        *,
        own_reason as row_reason
    from {{ judged_rows }}
    where
        own_reason is not null
        or transaction_id not in (select contested.order_id from contested)
    union all
    select * from settled

),

bought as (

    select
        customer_id,
        transaction_date
    from {{ judged_rows }}
    where
        own_reason is null
        and not is_return
        and transaction_id not in (select contested.order_id from contested)
    union all
    select
        customer_id,
        transaction_date
    from settled
    where row_reason is null and not is_return

),

customers as (

    select
        customer_id,
        min(transaction_date) as first_order_date
    from bought
    group by 1

),

-- A return of something bought before the data begins has no order to reduce.
checked as (

    select
        {% for column in [
            'transaction_id', 'line_id', 'customer_id', 'product_id',
            'order_status', 'product_line', 'promotion', 'raw_row'
        ] -%}
        reasoned.{{ column }},
        {% endfor -%}
        case
            when reasoned.row_reason is not null then reasoned.row_reason
            when
                reasoned.is_return
                and reasoned.transaction_date < coalesce(
                    customers.first_order_date, cast('9999-12-31' as date)
                )
                then 'return_before_first_order'
        end as reason_code,
        {% for column in [
            'list_amount', 'discount_amount', 'refunded_amount', 'cost_amount',
            'quantity', 'repaired_values', 'is_online', 'is_marked_return',
            'is_return', 'is_refunded', 'transaction_date'
        ] -%}
        reasoned.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from reasoned
    left join customers
        on reasoned.customer_id = customers.customer_id

)

select * from checked
