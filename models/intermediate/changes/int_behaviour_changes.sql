-- A flag begins where few discoveries are false, and lasts as long as what she
-- does stays unusual in one direction, month after tested month.
with directed as (

    select * from {{ ref('int_changes_directed') }}

),

-- Months running in which she is unusual in one direction have one number.
runs as (

    select
        *,
        month_number - row_number() over (
            partition by customer_id, channel, direction, is_unusual
            order by month_number
        ) as run_number
    from directed

),

flagged as (

    select
        *,
        is_unusual and max(case when is_discovered then 1 else 0 end)
            over so_far = 1 as is_flagged,
        min(case when is_discovered then window_start_date end)
            over so_far as discovered_from_date
    from runs
    window so_far as (
        partition by customer_id, channel, direction, is_unusual, run_number
        order by month_number
        rows between unbounded preceding and current row
    )

),

followed as (

    select
        *,
        coalesce(lag(is_flagged) over by_month, false)
        and lag(month_number) over by_month = month_number - 1 as was_flagged,
        lag(direction) over by_month = direction as is_same_direction
    from flagged
    window by_month as (
        partition by customer_id, channel order by month_number
    )

),

behaviour_changes as (

    select
        {{ surrogate_key(['customer_id', 'channel', 'month']) }}
            as behaviour_change_id,
        customer_id,
        segment_id,
        channel,
        direction,
        {{ change_evidence() }} as evidence,
        before as before_value,
        after as after_value,
        ratio as segment_ratio,
        p_value,
        q_value,
        is_unusual,
        is_flagged,
        was_flagged,
        is_flagged
        and not (was_flagged and coalesce(is_same_direction, false))
            as is_new_this_month,
        case
            when not is_flagged then null
            when channel = 'timing' then cast({{ dbt.dateadd(
                'day', 'cast(1 - silence_days as int)', 'month_end_date'
            ) }} as date)
            else discovered_from_date
        end as changed_since_date,
        month
    from followed
    where is_unusual or was_flagged

)

select * from behaviour_changes
