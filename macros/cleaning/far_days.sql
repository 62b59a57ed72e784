{% macro far_days(rows) -%}
days as (

    select
        transaction_date,
        count(*) as day_rows
    from {{ rows }}
    group by transaction_date

),

spaced_days as (

    select
        *,
        lag(transaction_date) over (order by transaction_date) as day_before,
        lead(transaction_date) over (order by transaction_date) as day_after,
        sum(day_rows) over () as all_rows,
        sum(day_rows) over (order by transaction_date) as rows_until,
        sum(day_rows) over (order by transaction_date desc) as rows_since
    from days

),

far_days as (

    select
        max(case
            when
                {{ dbt.datediff('transaction_date', 'day_after', 'day') }} > 365
                and {{ _are_few('rows_until') }}
                then transaction_date
        end) as last_early_day,
        min(case
            when
                {{ dbt.datediff('day_before', 'transaction_date', 'day') }} > 365
                and {{ _are_few('rows_since') }}
                then transaction_date
        end) as first_late_day
    from spaced_days

),
{%- endmacro %}


{% macro _are_few(rows) -%}
    ({{ rows }} * 1000 <= all_rows or ({{ rows }} = 1 and all_rows >= 10))
{%- endmacro %}


{% macro is_far(day) -%}
    ({{ day }} <= far_days.last_early_day or {{ day }} >= far_days.first_late_day)
{%- endmacro %}
