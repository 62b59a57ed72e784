with customer_demographics as (

    select * from {{ ref('stg_retail__customer_demographics') }}

),

{{ check_customer_rows('customer_demographics') }}

select * from checked
