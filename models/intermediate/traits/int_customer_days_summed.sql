-- A customer's order days up to a month's end, counted; directions of circles
-- tell how far her days fall in one part of a week, a fortnight, a month.
{% set circles = {
    'week': '(weekday_number / 7.0)',
    'fortnight': '(days_ago / 14.0)',
    'month': '(day_of_month / cast(days_in_month as double))',
    'half_month': '(2.0 * day_of_month / cast(days_in_month as double))',
} -%}
with customer_days as (

    select * from {{ ref('int_customer_days_timed') }}

),

summed as (

    select
        month,
        recent_days,
        customer_id,
        sum(case when is_of_year then 1 else 0 end) as order_days,
        max(case when is_of_year and days_ago >= 183 then 1 else 0 end) = 1
        and min(days_ago) < 183 as has_both_halves,
        coalesce(max(case when is_of_year then gap_days end), 0)
            as longest_gap_days,
        coalesce(max(case
            when days_ago + gap_days < recent_days then gap_days
        end), 0) as longest_recent_gap_days,
        coalesce(sum(case when days_ago < 30 then orders end), 0)
            as last_30_orders,
        coalesce(max(case
            when is_of_year and days_ago >= 30 then month_before_orders
        end), 0) as busiest_earlier_orders,
        max(case when is_of_recent_days then fortnight_orders end)
            as fortnight_orders,
        max(case when is_of_recent_days then six_weeks_orders end)
            as six_weeks_orders,
        {% for name, condition in {
            'recent': 'true',
            'first_third': '3 * days_ago >= 2 * recent_days',
            'last_third': '3 * days_ago < recent_days',
            'feast': 'month_day between 1125 and 1224',
            'peak': 'is_peak',
            'busy': 'is_busy',
            'repeated': 'year_before_orders > 0',
            'month_turn': '(day_of_month <= 2 or days_in_month - day_of_month <= 3)'
        }.items() -%}
        coalesce(sum(case
            when is_of_recent_days and {{ condition }} then orders
        end), 0) as orders_{{ name }},
        {% endfor -%}
        {% for name, condition in {
            'before': 'true',
            'first_third_before': '3 * days_ago >= 5 * recent_days',
            'last_third_before': '3 * days_ago < 4 * recent_days'
        }.items() -%}
        coalesce(sum(case
            when is_of_rhythm and not is_of_recent_days and {{ condition }}
                then orders
        end), 0) as orders_{{ name }},
        {% endfor -%}
        coalesce(sum(case when is_of_recent_days then promotion_orders end), 0)
            as orders_promotion,
        coalesce(sum(case when is_of_rhythm then 1 end), 0) as rhythm_orders,
        count(distinct case when is_of_rhythm then {{ dbt.date_trunc(
            'month', 'order_date') }} end) as rhythm_months,
        {{ share(
            'sum(case when is_of_rhythm and weekday_number <= 5 then 1 else 0'
            ~ ' end)',
            'sum(case when is_of_rhythm then 1 else 0 end)'
        ) }} as weekday_share,
        {% for name, turns in circles.items() -%}
        {% for side in ['cos', 'sin'] -%}
        sum(case when is_of_rhythm then {{ exact_amount(
            side ~ '(2 * pi() * ' ~ turns ~ ')', 6
        ) }} end) as {{ side }}_{{ name }},
        {% endfor -%}
        {% endfor -%}
        count(case when is_of_rhythm then gap_days end) as gaps,
        {{ ratio(
            'count(case when is_of_rhythm then gap_days end)'
            ~ ' * sum(case when is_of_rhythm then gap_days * gap_days end)',
            'sum(case when is_of_rhythm then gap_days end)'
            ~ ' * sum(case when is_of_rhythm then gap_days end)'
        ) }} - 1 as squared_gap_spread
    from customer_days
    group by month, recent_days, customer_id
    having min(days_ago) < 365

)

select * from summed
