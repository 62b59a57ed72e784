-- The product lines most bought in the shop's first months, by number; all
-- others share the last one. Later sales change no number.
with lines as (

    select
        product_line,
        transaction_date
    from {{ ref('int_transactions_checked') }}
    where
        reason_code is null
        and not is_return
        and product_line is not null

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

counted as (

    select
        lines.product_line,
        count(*) as bought_lines
    from lines
    inner join as_of_dates
        on lines.transaction_date < {{ dbt.dateadd(
            'month', var('months_of_history'), 'as_of_dates.first_month'
        ) }}
    group by 1

),

numbered as (

    select
        product_line,
        cast(row_number() over (
            order by bought_lines desc, product_line
        ) as bigint) as category_number
    from counted

),

categories as (

    select * from numbered
    where category_number <= 7

)

select * from categories
