-- Customers of the origin month, and those that came to be there, are those
-- whom the profiles of the two months have; only the future has none. What is
-- published lies in its band.
with expectations as (

    select * from {{ ref('fct_segment_expectations') }}

),

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

ends as (

    select max(month) as last_month
    from profiles

),

compared as (

    select
        expectations.*,
        coalesce(origin_profiles.customers, 0) as origin_customers,
        case
            when expectations.month <= ends.last_month
                then coalesce(profiles.customers, 0)
        end as month_customers
    from expectations
    cross join ends
    left join profiles as origin_profiles
        on
            expectations.segment_id = origin_profiles.segment_id
            and expectations.origin_month = origin_profiles.month
    left join profiles
        on
            expectations.segment_id = profiles.segment_id
            and expectations.month = profiles.month

)

select *
from compared
where
    same_as_now_customers <> origin_customers
    or coalesce(actual_customers, -1) <> coalesce(month_customers, -1)
    or published_customers < lower_80_customers
    or published_customers > upper_80_customers
