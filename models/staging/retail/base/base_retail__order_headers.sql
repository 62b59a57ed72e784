-- Exports of order lines often say what is true of the whole order on its first
-- line only: a line that leaves it blank means what the other lines say, where
-- they say one thing.
{{ config(materialized='table') }}
{% set columns = ['customer_id', 'transaction_date', 'order_status'] -%}

-- Limits end a scan with the first row that they let through.
with filled as (

    {% for column in columns -%}
    (
        select '{{ column }}' as column_name
        from {{ ref('base_retail__transactions') }}
        where {{ column }} is not null
        limit 1
    )
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (

    select
        {%- for column in columns %}
        count(case when column_name = '{{ column }}' then 1 end) > 0
            as has_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from filled

),

incomplete as (

    select distinct transactions.transaction_id
    from {{ ref('base_retail__transactions') }} as transactions
    cross join counted
    where
        {% for column in columns -%}
        transactions.{{ column }} is null
        and counted.has_{{ column }}
        {{ 'or ' if not loop.last }}
        {%- endfor %}
),

order_headers as (

    select
        transactions.transaction_id,
        {% for column in columns -%}
        case
            when
                min(transactions.{{ column }}) = max(transactions.{{ column }})
                then min(transactions.{{ column }})
        end as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('base_retail__transactions') }} as transactions
    inner join incomplete
        on transactions.transaction_id = incomplete.transaction_id
    group by 1
    having count(*) > 1

)

select * from order_headers
