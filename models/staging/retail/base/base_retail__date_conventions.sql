-- How each column writes its dates, from the whole column; where a column does
-- not tell day from month, as the orders do, or the others of the input.
{{ config(materialized='table') }}
{% set in_numbers =
    "form in ('day first', 'month first', 'either', 'same')" -%}
{% set in_utc = "is_moment and " ~ matches_pattern(
    'utc_offset', '^([Zz]|UTC|GMT|.*[+-]00:?(00)?)$'
) -%}
{% set forms = [
    'day first', 'month first', 'either', 'year first', 'year first, late day',
    'day amid'
] -%}

with date_forms as (

    select * from {{ ref('base_retail__date_forms') }}

),

counted as (

    select
        input_table,
        column_name,
        {% for form in forms -%}
        {% set name = form | replace(',', '') | replace(' ', '_') -%}
        sum(case when form = '{{ form }}' then dates else 0 end)
            as {{ name }}_dates,
        min(case when form = '{{ form }}' then value end)
            as {{ name }}_value,
        {% endfor -%}
        sum(dates) as dates,
        max(case when has_words then 1 else 0 end) = 1 as has_words,
        sum(case when is_moment then dates else 0 end) as moment_dates,
        sum(case when {{ in_utc }} then dates else 0 end) as utc_dates,
        min(case when {{ in_utc }} then value end) as utc_value,
        count(distinct case when is_moment then utc_offset end) as utc_offsets,
        max(case when form in ('either', 'same') then second_part end)
            as highest_second_part,
        count(distinct case when {{ in_numbers }} then first_part end)
            as first_parts,
        count(
            distinct case
                when {{ in_numbers }} and length(last_part) = 2 then last_part
            end
        ) as short_years
    from date_forms
    group by 1, 2

),

proven as (

    select
        *,
        case
            when day_first_dates >= month_first_dates and day_first_dates > 0
                then 'dmy'
            when month_first_dates > 0 then 'mdy'
        end as own_order,
        least(day_first_dates, month_first_dates) as contrary_dates
    from counted

),

compared as (

    select
        *,
        coalesce(
            max(case when input_table = 'transactions' then own_order end)
                over (),
            case
                when min(own_order) over () = max(own_order) over ()
                    then min(own_order) over ()
            end
        ) as others_order
    from proven

),

told as (

    select
        *,
        case
            {% if checked_var('date_order') == 'auto' -%}
            when own_order is not null then 'its dates'
            {% else -%}
            when
                own_order <> '{{ checked_var('date_order') }}'
                and contrary_dates = 0
                and input_table <> 'transactions'
                then 'its dates'
            when true then 'date_order'
            {% endif -%}
            when others_order is not null then 'other columns'
            when highest_second_part = 1 then 'first days'
            else 'nothing'
        end as told_by
    from compared

),

decided as (

    select
        *,
        moment_dates > 0 as has_moments,
        case told_by
            when 'its dates' then own_order = 'dmy'
            when 'other columns' then others_order = 'dmy'
            when 'date_order' then {{ checked_var('date_order') == 'dmy' }}
            else told_by = 'nothing'
        end as is_day_first
    from told

)

select * from decided
