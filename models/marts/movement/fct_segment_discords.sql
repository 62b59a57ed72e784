-- A window is compared with earlier ones alone. Empty where nothing is
-- searched: rpt_discord_searches says why.
with latest as (

    select max(month) as month from {{ ref('int_membership_months') }}

),

found as (

    select
        discords.*,
        latest.month
    from {{ ref('int_segment_discords') }} as discords
    cross join latest
    where discords.discord_rank is not null

),

published as (

    select
        {{ surrogate_key([
            'segment_id', 'measure', 'window_days', 'start_date'
        ]) }} as segment_discord_id,
        segmentation,
        segment_id,
        cast(measure as string) as measure,
        cast(window_days as bigint) as window_days,
        cast(discord_rank as bigint) as discord_rank,
        {% for number in [
            'distance', 'median_distance', 'chance_distance', 'p_value',
            'revenue_amount', 'nearest_revenue_amount'
        ] -%}
        cast(round({{ number }}, 6) as double) as {{ number }},
        {% endfor -%}
        p_value <= 0.05 as is_unusual,
        cast(start_date as date) as start_date,
        cast(nearest_start_date as date) as nearest_start_date,
        cast(month as date) as month
    from found

)

select * from published
