-- Customers expected in all segments are those of the origin month and, for
-- each month ahead, as many newcomers as came in a month of all that are looked
-- back at. What is published adds up to no other number.
with inflows as (

    select
        segmentation,
        month,
        row_number() over (
            partition by segmentation order by month
        ) as month_number,
        sum(
            case when previous_segment_id is null then customers else 0 end
        ) as newcomers
    from {{ ref('int_segment_transitions') }}
    group by 1, 2

),

expected as (

    select
        segmentation,
        origin_month,
        horizon_months,
        sum(same_as_now_customers) as now_customers,
        sum(expected_customers) as expected_customers,
        sum(newcomer_customers) as newcomer_customers,
        sum(published_customers) as published_customers
    from {{ ref('fct_segment_expectations') }}
    group by 1, 2, 3

),

numbered as (

    select
        expected.*,
        inflows.month_number
    from expected
    inner join inflows
        on
            expected.segmentation = inflows.segmentation
            and expected.origin_month = inflows.month

),

compared as (

    select
        numbered.segmentation,
        numbered.origin_month,
        numbered.horizon_months,
        numbered.now_customers,
        numbered.expected_customers,
        numbered.newcomer_customers,
        numbered.published_customers,
        numbered.horizon_months * {{ average('inflows.newcomers') }}
            as inflow_customers
    from numbered
    inner join inflows
        on
            numbered.segmentation = inflows.segmentation
            and inflows.month_number > 1
            and inflows.month_number <= numbered.month_number
            and inflows.month_number
            > numbered.month_number - {{ var('transition_month_pairs') }}
    group by 1, 2, 3, 4, 5, 6, 7

)

select *
from compared
where
    abs(newcomer_customers - inflow_customers) > 1e-6
    or abs(expected_customers - newcomer_customers - now_customers) > 1e-6
    or abs(expected_customers - published_customers) > 1e-6
