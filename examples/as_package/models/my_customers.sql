with customer_demographics as (

    select * from {{ source('shop', 'customer_demographics') }}

)

select * from customer_demographics
