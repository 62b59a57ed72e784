-- When half have ordered again; who is silent waits (Kaplan and Meier 1958).
{% set onwards = 'rows between unbounded preceding and current row' -%}

with gaps as (

    select
        segment_id,
        lead(order_date) over by_day is not null as is_over,
        {{ dbt.datediff('order_date',
            'coalesce(lead(order_date) over by_day, as_of_date)', 'day') }}
            as gap_days
    from {{ ref('int_segment_order_days') }}
    window by_day as (partition by segment_id, customer_id order by order_date)

),

waiting as (

    select
        *,
        cast(count(*) over (
            partition by segment_id
            order by gap_days desc, is_over {{ onwards }}
        ) as double) as waiting
    from gaps

),

shares as (

    select
        *,
        sum(case when not is_over then cast(0 as double) when waiting > 1
            then ln(1 - 1 / waiting) else cast(-100 as double) end) over (
            partition by segment_id
            order by gap_days, waiting desc {{ onwards }}
        ) as log_share
    from waiting

),

measured as (

    select segment_id, cast(min(gap_days) as double) as usual_gap_days
    from shares
    where round(log_share, 9) <= round(ln(0.5), 9)
    group by 1

)

select * from measured
