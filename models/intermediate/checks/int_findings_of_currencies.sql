-- Amounts of several currencies cannot be added up.
with forms as (

    select * from {{ ref('base_retail__number_forms') }}

),

totals as (

    select count(*) as of_rows from {{ ref('int_transactions_checked') }}

),

named as (

    select
        column_name,
        words,
        found_rows,
        case
            when column_name = 'currency'
                then coalesce({{ currency_of('words') }}, upper(words))
            else coalesce(
                {{ currency_of('words') }},
                {{ currency_of(remove_pattern('words', '^[cd]r|[cd]r$')) }}
            )
        end as currency
    from forms
    where words <> '' and column_name <> 'quantity'

),

shared as (

    select
        {% for shared in shared_currency_words() -%}
        max(case
            when {{ tells_shared_currency('words', shared) }} then 1
            else 0
        end) as is_told_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}
    from named

),

by_column as (

    select
        named.currency,
        named.column_name,
        sum(named.found_rows) as found_rows
    from named
    cross join shared
    where
        named.currency is not null
        {% for shared in shared_currency_words() -%}
        and not (
            named.currency = '{{ shared }}'
            and shared.is_told_{{ loop.index }} = 1
        )
        {% endfor %}
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

)

select
    'transactions' as input_table,
    'several_currencies' as finding_code,
    currencies.column_name,
    currencies.currency as value,
    currencies.found_rows,
    totals.of_rows
from currencies
cross join totals
where currencies.currencies > 1
