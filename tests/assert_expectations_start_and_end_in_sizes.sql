-- Customers of the origin month, and those that came to be there, are those that
-- the profiles of the two months have; only the future has none. What is
-- published lies in its band.
select expectations.segment_expectation_id
from {{ ref('fct_segment_expectations') }} as expectations
left join {{ ref('fct_segment_profiles') }} as origin_profiles
    on
        expectations.segment_id = origin_profiles.segment_id
        and expectations.origin_month = origin_profiles.month
left join {{ ref('fct_segment_profiles') }} as profiles
    on
        expectations.segment_id = profiles.segment_id
        and expectations.month = profiles.month
cross join (
    select max(month) as last_month from {{ ref('fct_segment_profiles') }}
) as ends
where
    expectations.same_as_now_customers
    <> coalesce(origin_profiles.customers, 0)
    or (
        expectations.month <= ends.last_month
        and coalesce(expectations.actual_customers, -1)
        <> coalesce(profiles.customers, 0)
    )
    or (
        expectations.month > ends.last_month
        and expectations.actual_customers is not null
    )
    or expectations.published_customers < expectations.lower_80_customers
    or expectations.published_customers > expectations.upper_80_customers
