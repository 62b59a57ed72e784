-- Chances of all customers and channels of a month in one list; who was unusual
-- in the month before stays in it.
with months as (

    select * from {{ not_made_yet(ref('int_change_months')) }}
    where not is_shop_silent

),

needed as (

    select distinct
        change_months.fingerprint,
        change_months.month_number
    from {{ ref('int_change_months') }} as change_months
    inner join months
        on
            change_months.month_number = months.month_number
            or change_months.month_number = months.month_number - 1
    where not change_months.is_shop_silent

),

widened as (

    select widened.*
    from {{ ref('int_changes_widened') }} as widened
    inner join needed
        on widened.fingerprint = needed.fingerprint

),

ranked as (

    select
        *,
        {{ ratio(
            'widened_p_value',
            'cume_dist() over (partition by month order by widened_p_value)'
        ) }} as discovered,
        lag(month_number) over by_month as number_before,
        lag(widened_p_value) over by_month as p_value_before
    from widened
    window by_month as (
        partition by customer_id, channel order by month_number
    )

),

corrected as (

    select
        *,
        round(min(discovered) over (
            partition by month order by widened_p_value desc
        ), 12) as q_value
    from ranked

),

tested as (

    select
        corrected.customer_id,
        corrected.segment_id,
        corrected.channel,
        corrected.before,
        corrected.after,
        corrected.ratio,
        corrected.mix_number,
        corrected.silence_days,
        corrected.widened_p_value as p_value,
        corrected.q_value,
        corrected.month,
        corrected.fingerprint
    from corrected
    inner join months
        on corrected.fingerprint = months.fingerprint
    where
        corrected.widened_p_value <= {{ var('change_unusual_share') }}
        or (
            corrected.p_value_before <= {{ var('change_unusual_share') }}
            and corrected.number_before = corrected.month_number - 1
        )

)

select * from tested
