-- Each text of a number column is read once, however many rows hold it, and
-- step by step: a query that repeats an expression computes it as often.
{{ config(materialized='table') }}
{% set steps = {'signs': 'signs', 'bare': 'bare', 'words': 'words'} -%}
with texts as (

    {% for column in number_columns() -%}
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

plain as (

    select
        *,
        {{ is_plain_number('text') }} as is_plain
    from texts

),

signed as (

    select
        *,
        case when not is_plain then {{ _plain_signs('text') }} end as signs
    from plain

),

bared as (

    select
        *,
        {{ _bare_number('signs') }} as bare,
        {{ number_words('signs') }} as words
    from signed

),

number_texts as (

    select
        column_name,
        text,
        coalesce(words, '') as words,
        {{ number_form('text', **steps) }} as form,
        found_rows,
        {{ parse_number('text', "'point'", **steps) }} as point_number,
        {{ parse_number('text', "'comma'", **steps) }} as comma_number,
        is_plain
    from bared

)

select * from number_texts
