with customer_days as (

    select * from {{ ref('int_customer_days_spent') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

numbers as (

    {{ dbt.generate_series(40000) }}

),

customers as (

    select
        customer_id,
        min(order_date) as first_order_date
    from customer_days
    where orders > 0
    group by customer_id

),

days as (

    select cast({{ dbt.dateadd(
        'day', 'cast(1 - numbers.generated_number as int)',
        'as_of_dates.last_month_end_date'
    ) }} as date) as order_date
    from as_of_dates
    inner join numbers
        on numbers.generated_number <= {{ dbt.datediff(
            'as_of_dates.first_order_date', 'as_of_dates.last_month_end_date',
            'day'
        ) }} + 1

),

-- Every day from the first order on; days without orders are zero.
spined as (

    select
        customers.customer_id,
        days.order_date,
        coalesce(customer_days.spend_amount, 0) as spend_amount
    from customers
    inner join days
        on customers.first_order_date <= days.order_date
    left join customer_days
        on
            customers.customer_id = customer_days.customer_id
            and days.order_date = customer_days.order_date

),

gathered as (

    select
        customer_id,
        {{ series_array(var('series').daily_spend.features, 'order_date') }}
            as series_values
    from spined
    group by customer_id

)

select * from gathered
