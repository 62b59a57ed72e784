-- Copies and conflicts are sought among the rows good so far; a sale and what
-- gives it back may have one id. Rows are read in each step, not at the top: an
-- engine that keeps what is used twice would hold all of them in memory.
{% set judged_rows = ref('int_transactions_judged') -%}
with {{ far_days(judged_rows ~ ' where own_reason is null') }}

contested as (

    select transaction_id as order_id
    from {{ judged_rows }}
    where own_reason is null
    group by transaction_id, line_id, is_given_back
    having count(*) > 1
    union
    select transaction_id as order_id
    from {{ judged_rows }}
    where own_reason is null
    group by transaction_id
    having min(customer_id) <> max(customer_id)

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

    {% for column, rows in {
        'own_reason': judged_rows
        ~ ' where transaction_id not in (select order_id from contested)',
        'row_reason': 'settled where true'
    }.items() -%}
    select customer_id, transaction_date
    from {{ rows }} and {{ column }} is null and not is_return
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

customers as (

    select
        bought.customer_id,
        min(bought.transaction_date) as first_order_date
    from bought
    cross join far_days
    where not coalesce({{ is_far('bought.transaction_date') }}, false)
    group by bought.customer_id

),

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
            when {{ is_far('reasoned.transaction_date') }}
                then 'date_far_from_others'
        end as reason_code,
        {% for column in [
            'list_amount', 'discount_amount', 'refunded_amount', 'cost_amount',
            'quantity', 'repaired_values', 'is_online', 'is_marked_return',
            'is_return', 'is_refunded', 'transaction_date'
        ] -%}
        reasoned.{{ column }},
        {% endfor -%}
        reasoned.is_return and coalesce(
            reasoned.transaction_date < customers.first_order_date, true
        ) as is_unmatched_return
    from reasoned
    cross join far_days
    left join customers
        on reasoned.customer_id = customers.customer_id

)

select * from checked
