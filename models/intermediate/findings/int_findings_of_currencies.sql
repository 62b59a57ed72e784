-- Amounts of several currencies cannot be added up; amounts that name none are
-- taken for the one that others name.
with named as (

    select * from {{ ref('int_currencies_named') }}

),

number_texts as (

    select * from {{ ref('base_retail__number_texts') }}

),

totals as (

    select count(*) as of_rows from {{ ref('int_transactions_checked') }}

),

by_column as (

    select
        currency,
        column_name,
        sum(found_rows) as found_rows
    from named
    where not is_told_by_others
    group by 1, 2

),

currencies as (

    select
        currency,
        min(column_name) as column_name,
        max(found_rows) as found_rows,
        count(*) over () as currencies
    from by_column
    group by 1

),

-- Nothing (0) is nothing in every currency.
amounts_untold as (

    select
        number_texts.column_name,
        sum(number_texts.found_rows) as found_rows
    from number_texts
    inner join by_column
        on number_texts.column_name = by_column.column_name
    left join named
        on
            number_texts.column_name = named.column_name
            and number_texts.words = named.words
    where
        named.words is null
        and coalesce(number_texts.point_number, number_texts.comma_number) <> 0
    group by 1

),

-- A column of currencies tells those that amounts do not. Of several currencies
-- nothing more is said.
untold as (

    select
        amounts_untold.column_name,
        amounts_untold.found_rows
    from amounts_untold
    left join by_column on by_column.column_name = 'currency'
    where by_column.column_name is null
    union all
    select
        by_column.column_name,
        totals.of_rows - by_column.found_rows as found_rows
    from by_column
    cross join totals
    where
        by_column.column_name = 'currency'
        and totals.of_rows > by_column.found_rows

),

found as (

    select
        'several_currencies' as finding_code,
        column_name,
        currency as value,
        found_rows
    from currencies
    where currencies > 1
    union all
    select
        'amounts_without_currency' as finding_code,
        untold.column_name,
        currencies.currency as value,
        untold.found_rows
    from untold
    cross join currencies
    where currencies.currencies = 1

)

select
    'transactions' as input_table,
    found.*,
    totals.of_rows
from found
cross join totals
