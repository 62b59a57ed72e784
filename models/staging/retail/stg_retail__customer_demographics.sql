with customer_demographics as (

    select * from {{ ref('base_retail__customer_demographics') }}

),

gender_codes as (

    select * from {{ ref('gender_codes') }}

),

job_industry_codes as (

    select * from {{ ref('job_industry_codes') }}

),

typed as (

    select
        ---------- ids
        {{ clean_id('customer_demographics.customer_id') }} as customer_id,

        ---------- strings
        customer_demographics.first_name,
        customer_demographics.last_name,
        coalesce(gender_codes.gender, customer_demographics.gender) as gender,
        customer_demographics.job_title,
        coalesce(
            job_industry_codes.job_industry_category,
            customer_demographics.job_industry_category
        ) as job_industry_category,
        customer_demographics.wealth_segment,
        customer_demographics.unreadable_line,
        customer_demographics.left_out_line,
        customer_demographics.raw_row,

        ---------- numerics
        try_cast(customer_demographics.tenure as double) as tenure_years,
        case
            when gender_codes.gender <> customer_demographics.gender then 1
            else 0
        end + case
            when job_industry_codes.job_industry_category is not null then 1
            else 0
        end as repaired_values,

        ---------- booleans
        {{ parse_boolean('customer_demographics.deceased_indicator') }}
            as is_deceased,
        {{ parse_boolean('customer_demographics.owns_car') }} as has_car,

        ---------- dates
        {{ parse_date('customer_demographics.dob', 'true') }} as birth_date
    from customer_demographics
    left join gender_codes
        on lower(customer_demographics.gender) = gender_codes.raw_value
    left join job_industry_codes
        on
            lower(customer_demographics.job_industry_category)
            = job_industry_codes.raw_value

)

select * from typed
