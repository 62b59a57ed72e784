{{ config(materialized='table') }}
with number_texts as (

    select * from {{ ref('base_retail__number_texts') }}

),

currencies as (

    select
        currency as text,
        count(*) as found_rows
    from {{ ref('base_retail__transactions') }}
    where currency is not null
    group by 1

),

written as (

    select
        column_name,
        form,
        words,
        text,
        found_rows
    from number_texts
    union all
    select
        'currency' as column_name,
        'currency' as form,
        {{ number_words(_plain_signs('text')) }} as words,
        text,
        found_rows
    from currencies

),

forms as (

    select
        column_name,
        form,
        words,
        max(text) as example,
        cast(sum(found_rows) as bigint) as found_rows
    from written
    group by 1, 2, 3

)

select * from forms
