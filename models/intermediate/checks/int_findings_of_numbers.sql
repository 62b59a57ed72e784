-- How numbers are written: what was taken for thousands, what is no number, and in
-- how many currencies amounts are.
with forms as (

    select * from {{ ref('base_retail__number_forms') }}

),

conventions as (

    select * from {{ ref('base_retail__number_conventions') }}

),

totals as (

    select count(*) as of_rows from {{ ref('int_transactions_checked') }}

),

-- Points were taken for thousands where the decimal mark is a comma, and the other
-- way round.
written as (

    select
        case
            when forms.form = 'percent' then 'percent_amounts'
            when forms.form = 'unreadable' then 'unread_numbers'
            when {{ matches_pattern('forms.words', '^cr|cr$') }}
                and {{ currency_of('forms.words') }} is null
                then 'credit_marks'
            when conventions.has_point or conventions.has_comma then null
            when
                forms.form = 'undecided_point'
                and conventions.decimal_mark = 'comma'
                then 'points_taken_for_thousands'
            when
                forms.form = 'undecided_comma'
                and conventions.decimal_mark = 'point'
                then 'commas_taken_for_thousands'
        end as finding_code,
        forms.column_name,
        forms.example,
        forms.found_rows
    from forms
    cross join conventions

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
        max(case when {{ tells_shared_currency('words', shared) }} then 1 else 0 end)
            as is_told_{{ loop.index }}{{ ',' if not loop.last }}
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
        and not (named.currency = '{{ shared }}' and shared.is_told_{{ loop.index }} = 1)
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

),

found as (

    select
        finding_code,
        column_name,
        max(example) as value,
        sum(found_rows) as found_rows
    from written
    where finding_code is not null
    group by 1, 2
    union all
    select
        'several_currencies' as finding_code,
        column_name,
        currency as value,
        found_rows
    from currencies
    where currencies > 1

)

select
    'transactions' as input_table,
    found.*,
    totals.of_rows
from found
cross join totals
