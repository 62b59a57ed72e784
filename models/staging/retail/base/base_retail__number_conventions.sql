{{ config(materialized='table') }}
with forms as (

    select * from {{ ref('base_retail__number_forms') }}

),

counted as (

    select
        {% for form in [
            'point', 'comma', 'undecided_point', 'undecided_comma'
        ] -%}
        coalesce(sum(case when form = '{{ form }}' then found_rows end), 0) > 0
            as has_{{ form }}{{ ',' if not loop.last }}
        {% endfor %}
    from forms

),

-- Three digits behind the only marks that there are: thousands.
conventions as (

    select
        *,
        case
            {% if checked_var('decimal_separator') != 'auto' -%}
            when true then '{{ checked_var("decimal_separator") }}'
            {% endif -%}
            when has_point and has_comma then null
            when has_point then 'point'
            when has_comma then 'comma'
            when has_undecided_point and has_undecided_comma then null
            when has_undecided_point then 'comma'
            else 'point'
        end as decimal_mark
    from counted

)

select * from conventions
