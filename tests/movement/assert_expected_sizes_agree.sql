-- Next months add up to the same customers in every segmentation, and to no
-- fewer than the month before them.
with expectations as (

    select * from {{ ref('fct_segment_expectations') }}

),

sizes as (

    select
        segmentation,
        origin_month,
        horizon_months,
        sum(published_customers) as customers
    from expectations
    group by 1, 2, 3
    union all
    select
        segmentation,
        origin_month,
        0 as horizon_months,
        sum(same_as_now_customers) as customers
    from expectations
    where horizon_months = 1
    group by 1, 2

),

compared as (

    select
        *,
        max(customers) over (
            partition by origin_month, horizon_months
        ) as most_customers,
        lag(customers) over (
            partition by segmentation, origin_month order by horizon_months
        ) as customers_before
    from sizes

)

select *
from compared
where
    most_customers - customers > 1e-6
    or customers < customers_before - 1e-6
