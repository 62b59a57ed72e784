-- What is known ahead and may move revenue: the holidays of a country, and the
-- promotions that the shop has planned.
with addresses as (

    select * from {{ ref('int_customer_addresses_checked') }}
    where reason_code is null and country is not null

),

promotions as (

    select * from {{ ref('promotions') }}

),

countries as (

    select
        country,
        row_number() over (order by count(*) desc, country) as place
    from addresses
    group by 1

),

calendar as (

    select
        'country' as kind,
        cast(country as string) as name,
        cast(null as date) as first_date,
        cast(null as date) as last_date
    from countries
    where place = 1
    union all
    select
        'promotion' as kind,
        cast(promotion as string) as name,
        cast(first_date as date) as first_date,
        cast(last_date as date) as last_date
    from promotions

)

select * from calendar
