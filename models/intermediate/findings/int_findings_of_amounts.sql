-- What amounts say of themselves: rows rejected for them, bookings that may be
-- read in two ways, and amounts far beyond all others.
{% set transactions = ref('int_transactions_checked') -%}
{% set conditions = {
    'ambiguous_amounts': "reason_code = 'ambiguous_amount'",
    'absurd_amounts': "reason_code = 'absurd_amount'",
    'total_rows': "reason_code = 'total_row'",
    'discounts_beyond_prices':
        "reason_code = 'non_positive_price' and discount_amount >= list_amount"
        ~ " and list_amount > 0",
    'returns_without_orders': 'reason_code is null and is_unmatched_return',
    'cancelled_returns':
        "reason_code = 'cancelled_or_unknown_status' and is_return",
    'refunded_orders':
        'reason_code is null and is_refunded and is_marked_return is null'
} -%}
with counted as (

    select
        count(*) as of_rows,
        {% for code, condition in conditions.items() -%}
        sum(case when {{ condition }} then 1 else 0 end) as {{ code }}_rows,
        sum(case when {{ condition }} then list_amount end)
            as {{ code }}_amount,
        {% endfor -%}
        sum(case when reason_code is null then 1 else 0 end) as accepted_rows,
        sum(case when reason_code is null then list_amount end) as all_amount,
        sum(case when reason_code is null then cost_amount end)
            as all_cost_amount,
        max(case when reason_code is null then list_amount end)
            as largest_amount
    from {{ transactions }}

),

-- The median to a fiftieth: amounts of like size are counted together.
sizes as (

    select
        floor(100 * ln(cast(list_amount as double)) / ln(10)) as size,
        count(*) as found_rows,
        max(list_amount) as largest_amount
    from {{ transactions }}
    where reason_code is null and list_amount > 0
    group by 1

),

cumulated as (

    select
        *,
        sum(found_rows) over (order by size) as rows_until,
        sum(found_rows) over () as all_rows
    from sizes

),

medians as (

    select min(size) as median_size
    from cumulated
    where 2 * rows_until >= all_rows

),

found as (

    {% for code in conditions -%}
    select
        '{{ code }}' as finding_code,
        {{ code }}_rows as found_rows,
        {{ code }}_amount as amount
    from counted
    where {{ code }}_rows > 0
    union all
    {% endfor -%}
    select
        'amounts_too_large' as finding_code,
        accepted_rows as found_rows,
        greatest(all_amount, coalesce(all_cost_amount, 0)) as amount
    from counted
    where greatest(all_amount, coalesce(all_cost_amount, 0)) >= 1e13
    union all
    select
        'most_of_revenue' as finding_code,
        1 as found_rows,
        largest_amount as amount
    from counted
    where accepted_rows >= 20 and 2 * largest_amount > all_amount
    union all
    select
        'amounts_far_beyond_others' as finding_code,
        sum(cumulated.found_rows) as found_rows,
        max(cumulated.largest_amount) as amount
    from cumulated
    cross join medians
    where
        cumulated.all_rows >= 20
        and cumulated.size >= medians.median_size + 400
    having count(*) > 0

)

select
    'transactions' as input_table,
    found.finding_code,
    'list_price' as column_name,
    {{ rounded_text('found.amount', 2) }} as value,
    found.found_rows,
    counted.of_rows
from found
cross join counted
