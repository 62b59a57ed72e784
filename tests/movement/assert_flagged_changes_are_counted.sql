with flagged as (

    select
        segment_id,
        channel,
        month,
        sum(case when is_flagged then 1 else 0 end) as flagged_customers,
        sum(case when is_new_this_month then 1 else 0 end) as new_customers
    from {{ ref('fct_behaviour_changes') }}
    group by 1, 2, 3

),

counted as (

    select * from {{ ref('fct_segment_behaviour_changes') }}

)

select
    counted.segment_behaviour_change_id,
    flagged.flagged_customers,
    counted.flagged_customers as counted_customers
from counted
full outer join flagged
    on
        counted.segment_id = flagged.segment_id
        and counted.channel = flagged.channel
        and counted.month = flagged.month
where
    coalesce(flagged.flagged_customers, 0) <> counted.flagged_customers
    or coalesce(flagged.new_customers, 0) <> counted.new_customers
    or counted.segment_behaviour_change_id is null
    or (
        counted.tested_customers > 0
    ) <> (counted.untested_reason is null)
