-- The words beside amounts that name a currency, and the column of currencies.
with forms as (

    select * from {{ ref('base_retail__number_forms') }}

),

named as (

    select
        column_name,
        words,
        case
            when column_name = 'currency'
                then coalesce({{ currency_of('words') }}, upper(words))
            else coalesce({{ currency_of('words') }}, {{ currency_of(
                remove_pattern('words', '^[cd]r|[cd]r$')
            ) }})
        end as currency,
        sum(found_rows) as found_rows
    from forms
    where words <> '' and column_name <> 'quantity'
    group by 1, 2, 3

),

shared as (

    select
        {% for shared in shared_currency_words() -%}
        max(case when {{ tells_shared_currency('words', shared) }}
            then 1 else 0 end) as is_told_{{ loop.index }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from named

),

told as (

    select
        named.*,
        {% for shared in shared_currency_words() -%}
        named.currency = '{{ shared }}' and shared.is_told_{{ loop.index }} = 1
        {{ 'or ' if not loop.last }} {%- endfor %} as is_told_by_others
    from named
    cross join shared
    where named.currency is not null

)

select * from told
