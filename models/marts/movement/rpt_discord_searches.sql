-- Every series of segments is searched, or has a reason why not.
with found as (

    select * from {{ ref('int_segment_discords') }}
    where coalesce(discord_rank, 1) = 1

),

published as (

    select
        {{ surrogate_key(['segment_id', 'measure', 'window_days']) }}
            as discord_search_id,
        segmentation,
        segment_id,
        cast(measure as string) as measure,
        coalesce(reason, case
            when p_value <= 0.05
                then 'Searched: a window is farther from all before it than '
                    || 'chance puts any.'
            else 'Searched: no window is farther from all before it than '
                || 'chance puts one.'
        end) as reason,
        cast(window_days as bigint) as window_days,
        cast(days as bigint) as days,
        cast(round(order_days_share, 6) as double) as order_days_share,
        reason is null as is_searched
    from found

)

select * from published
