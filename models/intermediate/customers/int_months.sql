with as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

numbers as (

    {{ dbt.generate_series(1200) }}

),

spined as (

    select
        cast({{ dbt.dateadd(
            'month', 'cast(1 - numbers.generated_number as int)',
            'as_of_dates.last_month'
        ) }} as date) as month,
        cast(numbers.generated_number - 1 as bigint) as months_back,
        as_of_dates.first_month,
        as_of_dates.last_month_end_date
    from as_of_dates
    cross join numbers

),

ended as (

    select
        *,
        {{ dbt.last_day('month', 'month') }} as month_end_date
    from spined
    where month >= first_month

),

months as (

    select
        month,
        months_back,
        month_end_date,
        cast({{ dbt.datediff(
            'month_end_date', 'last_month_end_date', 'day'
        ) }} as bigint) as days_back,
        cast({{ dbt.datediff(
            'first_month', 'month', 'month'
        ) }} + 1 as bigint) as months_of_data
    from ended

)

select * from months
