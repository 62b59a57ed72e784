-- Dates that could not be read or are not believed, in all inputs. Of birth
-- dates only the form is shown.
{% set columns = date_columns() -%}
{% set latest = "cast('" ~ checked_var('latest_order_date') ~ "' as date)" -%}
{% set days_from_latest = dbt.datediff(latest, 'transaction_date', 'day') -%}
with lost as (

    select
        input_table,
        reason_code as finding_code,
        raw_row
    from {{ ref('int_input_rows_checked') }}
    where
        reason_code in (
            'unparsable_date', 'date_in_the_future', 'date_before_earliest',
            'date_far_from_others'
        )
    union all
    select
        'transactions' as input_table,
        'many_dates_in_the_future' as finding_code,
        raw_row
    from {{ ref('int_transactions_checked') }}
    where
        reason_code = 'date_in_the_future'
        and {{ days_from_latest }} <= 3650
    union all
    select
        'customer_demographics' as input_table,
        'unreadable_birth' as finding_code,
        translate(raw_row, '0123456789', '9999999999') as raw_row
    from {{ ref('int_customer_demographics_checked') }}
    where
        reason_code is null
        and birth_date is null
        and {{ matches_pattern('raw_row', '"dob":"') }}

),

births as (

    select
        birth_date,
        count(*) as found_rows
    from {{ ref('int_customer_demographics_checked') }}
    where reason_code is null and birth_date is not null
    group by 1

),

totals as (

    {% for table, column in columns.items() -%}
    select
        '{{ table }}' as input_table,
        '{{ column }}' as column_name,
        count(*) as of_rows
    from {{ ref('int_' ~ table ~ '_checked') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

found as (

    select
        input_table,
        finding_code,
        coalesce(
            {% for column in columns.values() -%}
            min(nullif({{ part_of(
                'raw_row', '"' ~ column ~ '":"([^"]*)"', 1
            ) }}, '')),
            {% endfor -%}
            'nothing'
        ) as value,
        count(*) as found_rows
    from lost
    group by 1, 2
    union all
    select
        'customer_demographics' as input_table,
        'births_on_one_day' as finding_code,
        cast(max_by(birth_date, found_rows) as string) as value,
        max(found_rows) as found_rows
    from births

)

select
    found.input_table,
    found.finding_code,
    totals.column_name,
    found.value,
    found.found_rows,
    totals.of_rows
from found
inner join totals
    on found.input_table = totals.input_table
where
    found.finding_code not in ('many_dates_in_the_future', 'births_on_one_day')
    or (
        found.finding_code = 'many_dates_in_the_future'
        and found.found_rows > 1
        and found.found_rows
        > {{ var('contradicting_share_threshold') }} * totals.of_rows
    )
    or (found.found_rows >= 10 and found.found_rows > 0.05 * totals.of_rows)
