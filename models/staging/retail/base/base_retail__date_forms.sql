-- The first ten characters tell the form of a date, and there are few of them:
-- a time of day comes after.
{{ config(materialized='table') }}
{% set columns = date_columns() -%}
{% set low, high = '(0?[1-9]|1[0-2])', '(1[3-9]|2[0-9]|3[01])' -%}
{% set between, end = '[./ -] ?', '([^0-9]|$)' -%}
{% set parts = _year_last_pattern() -%}

with
{%- for table, column in columns.items() %}

{{ table }} as (

    select
        {{ column }} as written_date,
        {{ utc_offset(column) }} as utc_offset
    from {{ ref('base_retail__' ~ table) }}
    where {{ column }} is not null
    union all
    select
        null as written_date,
        '' as utc_offset

),
{%- endfor %}

started as (

    {% for table, column in columns.items() -%}
    select
        '{{ table }}' as input_table,
        '{{ column }}' as column_name,
        substr(written_date, 1, 10) as start,
        utc_offset,
        case
            when utc_offset = '' then false
            else not {{ matches_pattern(
                'written_date', '[ T]00:00(:00)?([.]0+)?[^0-9:]'
            ) }}
        end as is_moment,
        count(written_date) as dates
    from {{ table }}
    group by 3, 4, 5
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

parted as (

    select
        *,
        {{ matches_pattern('start', '[^0-9 :./,+_-]{3}') }}
            as has_words,
        try_cast({{ part_of('start', parts, 1) }} as int) as first_part,
        try_cast({{ part_of('start', parts, 2) }} as int) as second_part,
        {{ part_of('start', parts, 3) }} as last_part,
        coalesce(nullif({{ part_of('start', parts, 0) }}, ''), start) as value
    from started

),

formed as (

    select
        *,
        case
            when first_part = second_part then 'same'
            {%- for form, pattern in {
                'day first': high ~ between ~ low ~ between ~ '[0-9]{2}',
                'month first': low ~ between ~ high ~ between ~ '[0-9]{2}',
                'either': low ~ between ~ low ~ between ~ '[0-9]{2}',
                'year first': '[0-9]{4}' ~ between ~ low ~ between ~ low ~ end,
                'year first, late day':
                    '[0-9]{4}' ~ between ~ low ~ between ~ high ~ end,
                'day amid': '[0-9]{4}' ~ between ~ high ~ between ~ low ~ end
            }.items() %}
            when {{ matches_pattern('start', '^' ~ pattern) }} then '{{ form }}'
            {%- endfor %}
        end as form
    from parted

)

select * from formed
