-- Each text of a number column is looked at once, however many rows hold it.
{{ config(materialized='table') }}
with texts as (

    {% for column in number_columns() + ['currency'] -%}
    select
        '{{ column }}' as column_name,
        {{ column }} as text,
        count(*) as found_rows
    from {{ ref('base_retail__transactions') }}
    where {{ column }} is not null
    group by 2
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

worded as (

    select
        *,
        case
            when column_name = 'currency' then 'currency'
            else {{ number_form('text') }}
        end as form,
        {{ number_words('text') }} as words
    from texts

),

forms as (

    select
        column_name,
        form,
        words,
        max(text) as example,
        cast(sum(found_rows) as bigint) as found_rows
    from worded
    group by 1, 2, 3

)

select * from forms
