-- A campaign without assignment is described and credited with nothing: who was
-- written to was chosen, and may have ordered anyway.
{% set meaning = 'Nobody was left out by lot: those who were written to were'
    ~ ' chosen, and what they ordered, they may have ordered anyway.' -%}

with contacts as (

    select * from {{ ref('int_campaign_contacts_checked') }}
    where reason_code is null and not is_test

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_return

),

customers as (

    select
        campaign,
        customer_id,
        count(*) as contacts,
        min(contacted_date) as first_contact_date,
        max(contacted_date) as last_contact_date,
        max(case when is_opened then 1 when not is_opened then 0 end) as opened,
        max(case when is_clicked then 1 when not is_clicked then 0 end)
            as clicked
    from contacts
    group by 1, 2

),

ordered as (

    select
        customers.campaign,
        customers.customer_id,
        {% for name, condition in {
            'before': 'orders.order_date <= customers.first_contact_date',
            'after': 'orders.order_date > customers.first_contact_date'
        }.items() -%}
        max(case when {{ condition }} then 1 else 0 end)
            as ordered_{{ name }},
        {{ exact_amount(
            'sum(case when ' ~ condition ~ ' then orders.amount else 0 end)'
        ) }} as amount_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from customers
    cross join as_of_dates
    inner join orders
        on
            customers.customer_id = orders.customer_id
            and orders.order_date > {{ dbt.dateadd(
                'day', -28, 'customers.first_contact_date'
            ) }}
            and orders.order_date <= {{ dbt.dateadd(
                'day', 28, 'customers.first_contact_date'
            ) }}
            and orders.order_date <= as_of_dates.as_of_date
    group by 1, 2

),

published as (

    select
        customers.campaign,
        'not a test' as verdict,
        cast('{{ meaning }}' as string) as meaning,
        cast(sum(customers.contacts) as bigint) as contacts,
        cast(count(*) as bigint) as customers,
        {{ average('customers.opened') }} as opened_share,
        {{ average('customers.clicked') }} as clicked_share,
        {% for name in ['before', 'after'] -%}
        {{ average('coalesce(ordered.ordered_' ~ name ~ ', 0)') }}
            as ordered_{{ name }}_share,
        cast(sum(coalesce(ordered.amount_{{ name }}, 0)) as double)
            as {{ name }}_amount,
        {% endfor -%}
        min(customers.first_contact_date) as first_contact_date,
        max(customers.last_contact_date) as last_contact_date
    from customers
    left join ordered
        on
            customers.campaign = ordered.campaign
            and customers.customer_id = ordered.customer_id
    group by 1

)

select * from published
