-- Every day that orders or forecasts may fall on, up to a hundred years.
with orders as (

    select * from {{ ref('fct_orders') }}

),

forecasts as (

    select * from {{ ref('fct_revenue_forecasts') }}

),

numbers as (

    {{ dbt.generate_series(36600) }}

),

known_days as (

    select order_date as known_date from orders
    union all
    select month as known_date from forecasts

),

bounds as (

    select
        cast({{ dbt.date_trunc('month', 'min(known_date)') }} as date)
            as first_date,
        {{ dbt.last_day('max(known_date)', 'month') }} as last_date
    from known_days

),

counted as (

    select
        cast({{ dbt.dateadd(
            'day', 'cast(numbers.generated_number - 1 as int)',
            'bounds.first_date'
        ) }} as date) as calendar_date,
        bounds.last_date
    from bounds
    cross join numbers

),

published as (

    select
        calendar_date,
        cast({{ dbt.date_trunc('month', 'calendar_date') }} as date) as month
    from counted
    where calendar_date <= last_date

)

select * from published
