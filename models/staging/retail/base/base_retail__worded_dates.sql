-- Dates with the name of a month, each once: Tue, 13th of February 2018.
{{ config(materialized='table') }}
with worded as (

    {% for table, column in date_columns().items() -%}
    select {{ date_words(column) }} as words
    from {{ ref('base_retail__' ~ table) }}
    cross join {{ ref('base_retail__date_conventions') }} as date_conventions
    where
        date_conventions.input_table = '{{ table }}'
        and date_conventions.has_words
    {{ 'union' if not loop.last }}
    {% endfor %}
),

parted as (

    select
        words,
        {% for part in ['day', 'month', 'year'] -%}
        {% set place = loop.index -%}
        case
            {%- for pattern in worded_patterns() %}
            when {{ matches_pattern('words', pattern[0]) }}
                then {{ part_of('words', pattern[0], pattern[place]) }}
            {%- endfor %}
        end as written_{{ part }}{{ ',' if not loop.last }}
        {% endfor %}
    from worded

),

dated as (

    select
        parted.words,
        {{ day_of(
            year_of('parted.written_year'),
            'month_names.month_number',
            'parted.written_day'
        ) }} as day
    from parted
    inner join {{ ref('month_names') }} as month_names
        on parted.written_month = month_names.month_name

)

select * from dated
