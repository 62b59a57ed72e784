-- The last so many whole weeks that begin as a month ends: who is in a segment
-- then is who a test would have had.
with months as (

    select * from {{ ref('int_months') }}

),

windows as (

    {% for weeks in var('test_weeks') -%}
    select
        cast({{ weeks }} as bigint) as weeks,
        max(month) as month,
        max(month_end_date) as month_end_date,
        cast({{ dbt.dateadd(
            'day', 7 * weeks, 'max(month_end_date)'
        ) }} as date) as window_end_date
    from months
    where days_back >= {{ 7 * weeks }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from windows
where month is not null
