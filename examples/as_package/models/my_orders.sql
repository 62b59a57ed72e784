with transactions as (

    select * from {{ source('shop', 'transactions') }}

)

select * from transactions
