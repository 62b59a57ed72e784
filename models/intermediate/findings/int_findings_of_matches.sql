-- Customers of the orders whom another table does not know, and customers whom
-- a table knows in several ways.
{% set tables = [
    'customer_demographics', 'customer_addresses', 'web_sessions'
] -%}

with customers as (

    select distinct customer_id
    from {{ ref('int_transactions_checked') }}
    where reason_code is null

),
{%- for table in tables %}

{{ table }} as (

    select
        customer_id,
        count(*) as known_rows,
        count(case when reason_code = 'conflicting_duplicate_id' then 1 end)
            as other_rows
    from {{ ref('int_' ~ table ~ '_checked') }}
    where customer_id is not null
    group by 1

),

{{ table }}_totals as (

    select
        min(customer_id) as value,
        sum(known_rows) as known_rows,
        sum(other_rows) as other_rows
    from {{ table }}

),
{%- endfor %}

counted as (

    {% for table in tables -%}
    select
        '{{ table }}' as input_table,
        count(*) as customers,
        count(*) - count(known.customer_id) as missing,
        max(totals.value) as value,
        max(totals.known_rows) as known_rows,
        max(totals.other_rows) as other_rows
    from customers
    cross join {{ table }}_totals as totals
    left join {{ table }} as known
        on customers.customer_id = known.customer_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

found as (

    select
        input_table,
        case
            when missing = customers then 'no_customer_matches'
            else 'few_customers_match'
        end as finding_code,
        value,
        missing as found_rows,
        customers as of_rows
    from counted
    where
        value is not null
        and customers > 0
        and (
            missing = customers
            or missing > 0.5 * customers and input_table <> 'web_sessions'
        )
    union all
    select
        input_table,
        'repeated_customers' as finding_code,
        value,
        other_rows as found_rows,
        known_rows as of_rows
    from counted
    where other_rows > 0

)

select
    *,
    'customer_id' as column_name
from found
