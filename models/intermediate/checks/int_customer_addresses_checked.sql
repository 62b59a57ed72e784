with customer_addresses as (

    select * from {{ ref('stg_retail__customer_addresses') }}

),

{{ check_customer_rows('customer_addresses') }}

select * from checked
