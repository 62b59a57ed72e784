-- A row says who did what is rare for her, and how often chance does as much;
-- it knows nothing of later months, and stays as it is once written.
with behaviour_changes as (

    select * from {{ ref('int_behaviour_changes') }}

),

named as (

    select
        behaviour_change_id,
        customer_id,
        channel,
        '{{ var("segmentations") | first }}' as segmentation,
        segment_id,
        direction,
        case channel
            when 'timing' then 'days between orders'
            when 'rate' then 'days with orders a month'
            when 'spend' then 'amount per day with orders'
            else 'share of days with orders'
        end as unit,
        evidence,
        cast(round(before_value, 6) as double) as before_value,
        cast(round(after_value, 6) as double) as after_value,
        cast(round(segment_ratio, 6) as double) as segment_ratio,
        cast(round(p_value, 12) as double) as p_value,
        cast(round(q_value, 12) as double) as q_value,
        is_flagged,
        was_flagged,
        is_new_this_month,
        changed_since_date,
        month
    from behaviour_changes

),

published as (

    select * from named
    {{ 'except select * from ' ~ this if is_incremental() }}

)

select * from published
