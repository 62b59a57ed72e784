-- What came within a horizon is known once it is over: null until then. Who is
-- drawn in a month is drawn whoever joins later.
{% set horizons = [30, 90, 182, 365] -%}
with states as (

    select * from {{ ref('int_value_states') }}
    where month = origin_month

),

months as (

    select * from {{ ref('int_value_months') }}

),

drawn as (

    select * from {{ ref('int_customers_drawn') }}

),

customer_days as (

    select * from {{ ref('int_customer_days_spent') }}

),

known as (

    select
        states.*,
        months.days_back
    from states
    inner join drawn
        on
            states.customer_id = drawn.customer_id
            and states.month = drawn.month
    inner join months
        on states.month = months.month

),

came as (

    select
        known.customer_month_id,
        {% for days in horizons -%}
        {% set is_in -%}
            customer_days.order_date <= {{ dbt.dateadd(
                'day', days, 'known.month_end_date'
            ) }}
        {%- endset -%}
        sum(case
            when {{ is_in }} and customer_days.orders > 0 then 1 else 0
        end) as orders_next_{{ days }}_days,
        {{ exact_amount('sum(case when ' ~ is_in
            ~ ' then customer_days.spend_amount else 0 end)') }}
            as amount_next_{{ days }}_days{{ ',' if not loop.last }}
        {% endfor %}
    from known
    inner join customer_days
        on
            known.customer_id = customer_days.customer_id
            and known.month_end_date < customer_days.order_date
            and customer_days.order_date <= {{ dbt.dateadd(
                'day', horizons | last, 'known.month_end_date'
            ) }}
    group by 1

),

samples as (

    select
        known.*,
        {% for days in horizons -%}
        cast(case
            when known.days_back >= {{ days }}
                then coalesce(came.orders_next_{{ days }}_days, 0)
        end as double) as orders_next_{{ days }}_days,
        cast(case
            when known.days_back >= {{ days }}
                then coalesce(came.amount_next_{{ days }}_days, 0)
        end as double) as amount_next_{{ days }}_days{{ ',' if not loop.last }}
        {% endfor %}
    from known
    left join came
        on known.customer_month_id = came.customer_month_id

)

select * from samples
