with months as (

    select * from {{ ref('int_months') }}

),

-- A path needs three months of data before it can be told apart.
membership_months as (

    select
        month,
        month_end_date,
        months_back,
        days_back
    from months
    where months_of_data >= {{ var('months_of_history') }}

)

select * from membership_months
