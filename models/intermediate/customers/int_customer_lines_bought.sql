-- Product lines of each customer and month: on how many days she bought them.
with lines as (

    select distinct
        customer_id,
        product_line,
        transaction_date
    from {{ ref('int_transactions_checked') }}
    where
        reason_code is null
        and not is_return
        and product_line is not null

),

categories as (

    select * from {{ ref('int_product_lines_numbered') }}

),

days_bought as (

    select
        lines.customer_id,
        {% for number in range(1, 9) -%}
        sum(case
            when coalesce(categories.category_number, 8) = {{ number }}
                then 1 else 0
        end) as days_{{ number }},
        {% endfor -%}
        cast({{ dbt.date_trunc('month', 'lines.transaction_date') }} as date)
            as month
    from lines
    left join categories
        on lines.product_line = categories.product_line
    group by lines.customer_id, month

)

select * from days_bought
