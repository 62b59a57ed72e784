-- Who has orders enough to be tested, beside what she is held against.
-- depends_on: {{ ref('int_change_months') }}
with histories as (

    select * from {{ not_made_yet(ref('int_change_histories')) }}
    where repeats_before >= 2 and not is_shop_silent

),

shops as (

    select * from {{ ref('int_change_shops') }}

),

segments as (

    select * from {{ ref('int_change_segments') }}

),

states as (

    select
        histories.customer_month_id,
        histories.customer_id,
        histories.segment_id,
        {% for column in [
            'silence_days', 'gaps', 'gap_days', 'gap_squares', 'exposed_days',
            'repeats_before', 'order_days_after', 'month_days',
            'earlier_month_days', 'spent_days_before', 'spent_days_after'
        ] -%}
        cast(histories.{{ column }} as bigint) as {{ column }},
        {% endfor -%}
        {% for part in ['before', 'after'] -%}
        {% for column in ['logs', 'log_squares'] -%}
        cast(histories.{{ column }}_{{ part }} as double)
            as {{ column }}_{{ part }},
        {% endfor -%}
        {% for number in range(1, 9) -%}
        cast(histories.days_{{ number }}_{{ part }} as bigint)
            as days_{{ number }}_{{ part }},
        {% endfor -%}
        {% endfor -%}
        cast(histories.least_log_after as double) as least_log_after,
        cast(histories.largest_log_after as double) as largest_log_after,
        shops.rate_shape,
        shops.rate_days,
        shops.gap_variation,
        shops.log_variance,
        segments.ratio,
        segments.earlier_ratio,
        segments.log_change,
        {% for number in range(1, 9) -%}
        segments.change_{{ number }},
        segments.shop_share_{{ number }},
        {% endfor -%}
        histories.fingerprint,
        histories.month
    from histories
    inner join shops
        on histories.fingerprint = shops.fingerprint
    inner join segments
        on
            histories.fingerprint = segments.fingerprint
            and histories.segment_id = segments.segment_id

)

select * from states
