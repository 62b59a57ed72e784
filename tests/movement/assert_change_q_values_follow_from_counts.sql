-- Benjamini and Hochberg's q-values from what is published: the chances of 0.05
-- or less, and how many were tested. No other row lowers them below 0.05.
with changes as (

    select
        *,
        rank() over (partition by month order by p_value desc) as from_last,
        count(*) over (partition by month) as published
    from {{ ref('fct_behaviour_changes') }}
    where p_value <= {{ var('change_unusual_share') }}

),

tested as (

    select
        month,
        sum(tested_customers) as tested
    from {{ ref('fct_segment_behaviour_changes') }}
    group by 1

),

recomputed as (

    select
        changes.behaviour_change_id,
        changes.q_value,
        min(
            changes.p_value * tested.tested
            / (changes.published + 1 - changes.from_last)
        ) over (
            partition by changes.month order by changes.p_value desc
        ) as expected_q_value
    from changes
    inner join tested
        on changes.month = tested.month

)

select * from recomputed
where
    q_value > expected_q_value + 0.000001
    or (expected_q_value <= 0.05 and q_value < expected_q_value - 0.000001)
