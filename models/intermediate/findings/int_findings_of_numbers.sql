-- How numbers are written: what was taken for thousands, and what is no number.
with forms as (

    select * from {{ ref('base_retail__number_forms') }}

),

conventions as (

    select * from {{ ref('base_retail__number_conventions') }}

),

totals as (

    select count(*) as of_rows from {{ ref('int_transactions_checked') }}

),

-- Points were taken for thousands where the decimal mark is a comma, and the
-- other way round.
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

found as (

    select
        finding_code,
        column_name,
        max(example) as value,
        sum(found_rows) as found_rows
    from written
    where finding_code is not null
    group by 1, 2

)

select
    'transactions' as input_table,
    found.*,
    totals.of_rows
from found
cross join totals
