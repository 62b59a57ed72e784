-- Days of orders that are unlikely together.
with days as (

    select
        transaction_date,
        count(*) as day_rows
    from {{ ref('int_transactions_checked') }}
    where reason_code is null
    group by 1

),

totals as (

    select count(*) as of_rows
    from {{ ref('int_transactions_checked') }}

),

spaced as (

    select
        transaction_date,
        {{ dbt.datediff(
            'lag(transaction_date) over (order by transaction_date)',
            'transaction_date',
            'day'
        ) }} as gap_days,
        sum(day_rows) over (order by transaction_date desc) as rows_since,
        sum(day_rows) over () as all_rows
    from days

),

gaps as (

    select
        max_by(transaction_date, gap_days) as day_after,
        max_by(least(rows_since, all_rows - rows_since), gap_days) as found_rows
    from spaced
    where gap_days > 365

),

spans as (

    select
        sum(day_rows) as found_rows,
        count(distinct extract(day from transaction_date)) as days_of_month,
        count(distinct {{ dbt.date_trunc('month', 'transaction_date') }})
            as months
    from days

),

found as (

    select
        'no_orders_for_a_year' as finding_code,
        cast(day_after as string) as value,
        found_rows
    from gaps
    where day_after is not null
    union all
    select
        'orders_on_few_days' as finding_code,
        cast(days_of_month as string) as value,
        found_rows
    from spans
    where found_rows >= 30 and days_of_month <= 12 and months > 1

)

select
    'transactions' as input_table,
    found.finding_code,
    'transaction_date' as column_name,
    found.value,
    found.found_rows,
    totals.of_rows
from found
cross join totals
