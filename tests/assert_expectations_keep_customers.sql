-- Customers expected in all segments are those of the origin month and, for
-- each month ahead, as many newcomers as came in a month on average until then.
with inflows as (

    select
        segmentation,
        month,
        cast(sum(
            case when previous_segment_id is null then customers else 0 end
        ) as double) as newcomers
    from {{ ref('int_segment_transitions') }}
    group by 1, 2

),

numbered as (

    select
        *,
        row_number() over (
            partition by segmentation order by month
        ) - 1 as month_number
    from inflows

),

averaged as (

    select
        segmentation,
        month,
        avg(case when month_number > 0 then newcomers end) over (
            partition by segmentation
            order by month
            rows between {{ var('transition_months', 12) - 1 }} preceding
            and current row
        ) as newcomers
    from numbered

),

expected as (

    select
        segmentation,
        origin_month,
        horizon_months,
        sum(same_as_now_customers) as now_customers,
        sum(expected_customers) as expected_customers,
        sum(newcomer_customers) as newcomer_customers
    from {{ ref('fct_segment_expectations') }}
    group by 1, 2, 3

),

compared as (

    select
        expected.*,
        expected.horizon_months * averaged.newcomers as inflow_customers
    from expected
    left join averaged
        on
            expected.segmentation = averaged.segmentation
            and expected.origin_month = averaged.month

)

select *
from compared
where
    inflow_customers is null
    or abs(newcomer_customers - inflow_customers) > 1e-6
    or abs(expected_customers - newcomer_customers - now_customers) > 1e-6
