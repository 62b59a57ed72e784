-- Every row that was read, from all inputs, with what became of it.
{{ config(materialized='view') }}
{% set inputs = {
    'transactions': 'transaction_id',
    'customer_demographics': 'customer_id',
    'customer_addresses': 'customer_id',
    'web_sessions': 'customer_id'
} -%}

with
{%- for input in inputs %}

{{ input }} as (

    select * from {{ ref('int_' ~ input ~ '_checked') }}

),
{%- endfor %}

unioned as (

    {% for input, key in inputs.items() -%}
    select
        '{{ input }}' as input_table,
        {{ key }} as row_key,
        reason_code,
        raw_row,
        cast(repaired_values as bigint) as repaired_values
    from {{ input }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from unioned
