-- Every segment, month and channel has a row, with how many were tested and how
-- many chance alone would show, or why nobody was.
with changes_counted as (

    select * from {{ ref('int_changes_counted') }}

),

published as (

    select
        {{ surrogate_key(['segment_id', 'channel', 'month']) }}
            as segment_behaviour_change_id,
        segmentation,
        segment_id,
        channel,
        untested_reason,
        tested_customers,
        unusual_customers,
        cast(round(
            {{ var('change_unusual_share') }} * tested_customers, 6
        ) as double)
            as unusual_by_chance_customers,
        flagged_customers,
        cast(round(
            {{ var('change_false_share') }} * flagged_customers, 6
        ) as double)
            as flagged_by_chance_customers,
        flagged_down_customers,
        new_customers,
        month
    from changes_counted

)

select * from published
