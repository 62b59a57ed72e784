with customers_monthly_lrfm as (

    select * from {{ ref('int_customers_monthly_lrfm') }}

),

customers_daily_spend as (

    select * from {{ ref('int_customers_daily_spend') }}

),

customers_rfm as (

    select * from {{ ref('int_customers_rfm') }}

),

customers_behaviour as (

    select * from {{ ref('int_customers_behaviour') }}

),

unioned as (

    select
        'monthly_lrfm' as series,
        customer_id,
        series_values
    from customers_monthly_lrfm
    union all
    select
        'daily_spend' as series,
        customer_id,
        series_values
    from customers_daily_spend
    union all
    select
        'rfm' as series,
        customer_id,
        series_values
    from customers_rfm
    union all
    select
        'behaviour' as series,
        customer_id,
        series_values
    from customers_behaviour

)

select * from unioned
