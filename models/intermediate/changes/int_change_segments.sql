-- What a segment's customers did in the last two months, over what they did
-- before; few of them are taken together with the shop.
with histories as (

    select
        histories.*,
        (shops.rate_shape + histories.repeats_before)
        / (shops.rate_days + histories.exposed_days) as day_rate,
        case
            when
                histories.spent_days_before > 0
                and histories.spent_days_after > 0
                then
                histories.logs_after / histories.spent_days_after
                - histories.logs_before / histories.spent_days_before
        end as log_change
    from {{ ref('int_change_histories') }} as histories
    inner join {{ ref('int_change_shops') }} as shops
        on histories.fingerprint = shops.fingerprint
    where histories.repeats_before >= 2

),

summed as (

    select
        fingerprint,
        month,
        segment_id,
        sum(month_order_days) as days,
        sum(earlier_month_order_days) as earlier_days,
        sum({{ exact_amount('day_rate * month_days') }}) as expected_days,
        sum({{ exact_amount('day_rate * earlier_month_days') }})
            as expected_earlier_days,
        count(log_change) as compared,
        median(log_change) as log_change,
        {% for part in ['before', 'after'] -%}
        {% for number in range(1, 9) -%}
        sum(days_{{ number }}_{{ part }}) as days_{{ number }}_{{ part }},
        {% endfor -%}
        {% endfor -%}
        count(*) as customers
    from histories
    group by 1, 2, 3

),

shops as (

    select
        fingerprint,
        {{ ratio('sum(days)', 'sum(expected_days)') }} as ratio,
        {{ ratio('sum(earlier_days)', 'sum(expected_earlier_days)') }}
            as earlier_ratio,
        coalesce({{ ratio('sum(compared * log_change)', 'sum(compared)') }}, 0)
            as log_change,
        {% for part in ['before', 'after'] -%}
        {% for number in range(1, 9) -%}
        {{ ratio(
            'sum(days_' ~ number ~ '_' ~ part ~ ')',
            'sum(' ~ [
                'days_1_', 'days_2_', 'days_3_', 'days_4_', 'days_5_',
                'days_6_', 'days_7_', 'days_8_'
            ] | join(part ~ ' + ') ~ part ~ ')'
        ) }} as share_{{ number }}_{{ part }},
        {% endfor -%}
        {% endfor -%}
        sum(customers) as customers
    from summed
    group by 1

),

segments as (

    select
        summed.fingerprint,
        summed.month,
        summed.segment_id,
        round(
            (summed.days + 30 * shops.ratio)
            / (cast(summed.expected_days as double) + 30), 9
        ) as ratio,
        round(
            (summed.earlier_days + 30 * shops.earlier_ratio)
            / (cast(summed.expected_earlier_days as double) + 30), 9
        ) as earlier_ratio,
        round(
            (summed.compared * coalesce(summed.log_change, 0)
            + 30 * shops.log_change)
            / (summed.compared + 30), 9
        ) as log_change,
        {% for number in range(1, 9) -%}
        round(
            (summed.days_{{ number }}_after
            + 30 * coalesce(shops.share_{{ number }}_after, 0) + 0.5)
            / (summed.days_{{ number }}_before
            + 30 * coalesce(shops.share_{{ number }}_before, 0) + 0.5), 9
        ) as change_{{ number }},
        round(coalesce(shops.share_{{ number }}_before, 0), 9)
            as shop_share_{{ number }},
        {% endfor -%}
        summed.customers
    from summed
    inner join shops
        on summed.fingerprint = shops.fingerprint

)

select * from segments
