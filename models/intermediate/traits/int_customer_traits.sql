-- What is true of a customer in a month: the table of traits (macro
-- customer_traits), each a column. Nothing is true of what is not known.
with measured as (

    select * from {{ ref('int_customer_traits_measured') }}

),

told as (

    select
        month,
        recent_days,
        customer_id,
        {% for trait in customer_traits() -%}
        coalesce({{ trait.condition }}, false) as {{ trait.name }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from measured

)

select * from told
