-- Attributes are null where the demographics or addresses do not know them.
with orders as (

    select * from {{ ref('int_orders_accepted') }}

),

demographics as (

    select * from {{ ref('int_customer_demographics_checked') }}
    where reason_code is null

),

addresses as (

    select * from {{ ref('int_customer_addresses_checked') }}
    where reason_code is null

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

bought as (

    select
        customer_id,
        cast(sum(case when is_return then 0 else 1 end) as bigint) as orders,
        cast(sum(amount) as double) as revenue_amount,
        min(case when not is_return then order_date end) as first_order_date,
        max(case when not is_return then order_date end) as last_order_date
    from orders
    group by 1

),

joined as (

    select
        bought.*,
        demographics.first_name,
        demographics.last_name,
        demographics.gender,
        demographics.job_title,
        demographics.job_industry_category,
        demographics.wealth_segment,
        demographics.tenure_years,
        demographics.is_deceased,
        demographics.has_car,
        demographics.birth_date,
        addresses.address,
        addresses.postcode,
        addresses.state,
        addresses.country,
        addresses.property_valuation,
        {{ dbt.datediff(
            'demographics.birth_date', 'as_of_dates.as_of_date', 'day'
        ) }} / 365.25 as age_years
    from bought
    cross join as_of_dates
    left join demographics
        on bought.customer_id = demographics.customer_id
    left join addresses
        on bought.customer_id = addresses.customer_id

),

described as (

    select
        customer_id,
        first_name,
        last_name,
        gender,
        case
            when age_years is null or age_years > 110 or age_years < 0
                then null
            when age_years < 25 then 'under 25'
            when age_years < 35 then '25 to 34'
            when age_years < 45 then '35 to 44'
            when age_years < 55 then '45 to 54'
            when age_years < 65 then '55 to 64'
            else '65 and over'
        end as age_band,
        job_title,
        job_industry_category,
        wealth_segment,
        address,
        postcode,
        state,
        country,
        tenure_years,
        property_valuation,
        orders,
        revenue_amount,
        is_deceased,
        has_car,
        birth_date,
        first_order_date,
        last_order_date
    from joined

)

select * from described
