-- The last two months of each customer, and the twelve before: no day is in
-- both. The first order is none of the repeats.
with months as (

    select * from {{ not_made_yet(ref('int_change_months')) }}

),

memberships as (

    select
        customer_id,
        segment_id,
        cast({{ dbt.dateadd('month', 2, 'month') }} as date) as month
    from {{ ref('int_segment_memberships') }}
    where segmentation = '{{ var("segmentations") | first }}'

),

sums as (

    select * from {{ ref('int_change_months_summed') }}

),

rolled as (

    select
        customer_month_id,
        customer_id,
        month,
        observed_days,
        silence_days,
        order_days as month_order_days,
        lag(order_days) over by_month as earlier_month_order_days,
        lag(observed_days, 1) over by_month as observed_days_1_before,
        lag(observed_days, 2) over by_month as observed_days_2_before,
        lag(observed_days, 14) over by_month as observed_days_14_before,
        {% for column in ['gaps', 'gap_days', 'gap_squares'] -%}
        sum({{ column }}) over year as {{ column }},
        {% endfor -%}
        {% for part in ['before', 'after'] -%}
        {% for column in ['order_days', 'spent_days', 'logs', 'log_squares'] -%}
        sum({{ column }}) over {{ part }} as {{ column }}_{{ part }},
        {% endfor -%}
        {% for number in range(1, 9) -%}
        sum(days_{{ number }}) over {{ part }} as days_{{ number }}_{{ part }},
        {% endfor -%}
        {% endfor -%}
        min(least_log) over after as least_log_after,
        max(largest_log) over after as largest_log_after
    from sums
    window by_month as (partition by customer_id order by month),
    year as (
        partition by customer_id order by month
        rows between 13 preceding and current row
    ),
    before as (
        partition by customer_id order by month
        rows between 13 preceding and 2 preceding
    ),
    after as (
        partition by customer_id order by month
        rows between 1 preceding and current row
    )

),

histories as (

    select
        rolled.*,
        rolled.observed_days_2_before
        - coalesce(rolled.observed_days_14_before, 0) as exposed_days,
        rolled.order_days_before
        - case when rolled.observed_days_14_before is null then 1 else 0 end
            as repeats_before,
        rolled.observed_days - rolled.observed_days_1_before
            as month_days,
        rolled.observed_days_1_before - rolled.observed_days_2_before
            as earlier_month_days,
        memberships.segment_id,
        months.month_end_date,
        months.window_start_date,
        months.is_shop_silent,
        months.fingerprint
    from rolled
    inner join months
        on rolled.month = months.month
    inner join memberships
        on
            rolled.customer_id = memberships.customer_id
            and rolled.month = memberships.month
    where rolled.observed_days_2_before is not null

)

select * from histories
