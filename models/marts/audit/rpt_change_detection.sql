-- Only of the sample shop, whose generator planted what is to be found; of any
-- other shop it has no row. No model of customers reads it.
with planted_changes as (

    select * from {{ ref('int_planted_changes') }}

),

steady as (

    select
        kind,
        channel,
        is_flagged,
        p_value,
        silence_days,
        cume_dist() over (
            partition by kind, channel order by coalesce(p_value, 1)
        ) as place,
        cume_dist() over (
            partition by kind, channel order by silence_days desc
        ) as silence_place
    from planted_changes
    where is_steady

),

-- The lines that five of a hundred steady customers of the kind pass.
alarms as (

    select
        kind,
        channel,
        count(*) as steady_months,
        {{ average('case when is_flagged then 1 else 0 end') }}
            as false_alarm_share,
        max(case when place <= 0.05 then p_value end) as p_line,
        min(case when silence_place <= 0.05 then silence_days end)
            as silence_line
    from steady
    group by 1, 2

),

detected as (

    select
        planted_changes.kind,
        planted_changes.kind_after,
        planted_changes.channel,
        planted_changes.delay_days,
        count(*) as customers,
        {{ average('case when planted_changes.is_flagged then 1 else 0 end') }}
            as found_share,
        {{ average(
            'case when alarms.p_line is null then null'
            ~ ' when planted_changes.p_value <= alarms.p_line then 1'
            ~ ' else 0 end'
        ) }} as found_at_5_share,
        {{ average(
            'case when alarms.silence_line is null then null'
            ~ ' when planted_changes.silence_days >= alarms.silence_line'
            ~ ' then 1 else 0 end'
        ) }} as recency_found_at_5_share,
        max(alarms.steady_months) as steady_months,
        max(alarms.false_alarm_share) as false_alarm_share
    from planted_changes
    left join alarms
        on
            planted_changes.kind = alarms.kind
            and planted_changes.channel = alarms.channel
    where planted_changes.delay_days is not null
    group by 1, 2, 3, 4

),

published as (

    select
        {{ surrogate_key(['kind', 'kind_after', 'channel', 'delay_days']) }}
            as change_detection_id,
        kind as kind_before,
        kind_after,
        channel,
        delay_days,
        cast(customers as bigint) as customers,
        cast(round(found_share, 6) as double) as found_share,
        cast(round(false_alarm_share, 6) as double) as false_alarm_share,
        cast(round(found_at_5_share, 6) as double) as found_at_5_share,
        cast(round(recency_found_at_5_share, 6) as double)
            as recency_found_at_5_share,
        cast(coalesce(steady_months, 0) as bigint) as steady_months
    from detected

)

select * from published
