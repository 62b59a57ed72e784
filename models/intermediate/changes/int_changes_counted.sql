with histories as (

    select
        segment_id,
        month,
        fingerprint,
        max(days_1_after + days_2_after + days_3_after + days_4_after
            + days_5_after + days_6_after + days_7_after + days_8_after
        ) as days_of_lines
    from {{ ref('int_change_histories') }}
    group by 1, 2, 3

),

months as (

    select * from {{ ref('int_change_months') }}

),

widths as (

    select * from {{ ref('int_change_widths') }}

),

changes as (

    select
        segment_id,
        channel,
        month,
        sum(case when is_unusual then 1 else 0 end) as unusual_customers,
        sum(case when is_flagged then 1 else 0 end) as flagged_customers,
        sum(case when is_flagged and direction = 'down' then 1 else 0 end)
            as flagged_down_customers,
        sum(case when is_new_this_month then 1 else 0 end) as new_customers
    from {{ ref('int_behaviour_changes') }}
    group by 1, 2, 3

),

channels as (

    {{ change_channels() }}

),

crossed as (

    select
        histories.segment_id,
        channels.channel,
        coalesce(widths.tested_customers, 0) as tested_customers,
        max(histories.days_of_lines) over (
            partition by histories.month
        ) > 0 as has_lines,
        months.silent_days,
        months.is_shop_silent,
        histories.month
    from histories
    inner join months
        on histories.fingerprint = months.fingerprint
    cross join channels
    left join widths
        on
            histories.fingerprint = widths.fingerprint
            and histories.segment_id = widths.segment_id
            and channels.channel = widths.channel

),

changes_counted as (

    select
        '{{ var("segmentations") | first }}' as segmentation,
        crossed.segment_id,
        crossed.channel,
        case
            when crossed.is_shop_silent then {{ dbt.concat([
                "'The whole shop was silent for '",
                rounded_text('crossed.silent_days'),
                "' days, longer than in the year before: orders may lack.'"
            ]) }}
            when crossed.channel = 'mix' and not crossed.has_lines
                then 'The orders name no product lines.'
            when crossed.tested_customers = 0
                then 'No customer of the segment has orders enough.'
        end as untested_reason,
        cast(crossed.tested_customers as bigint) as tested_customers,
        {% for column in [
            'unusual_customers', 'flagged_customers', 'flagged_down_customers',
            'new_customers'
        ] -%}
        cast(coalesce(changes.{{ column }}, 0) as bigint) as {{ column }},
        {% endfor -%}
        crossed.month
    from crossed
    left join changes
        on
            crossed.segment_id = changes.segment_id
            and crossed.channel = changes.channel
            and crossed.month = changes.month

)

select * from changes_counted
