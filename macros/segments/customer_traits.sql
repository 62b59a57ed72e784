{% macro customer_traits() %}
    {% set found = [] %}
    {% for name, qualifier, words, condition
        in _traits_of_pace() + _traits_of_days() %}
        {% do found.append({
            'name': name, 'qualifier': qualifier, 'words': words,
            'condition': condition
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro _traits_of_pace() %}
    {% set enough = 'orders_recent >= 3' %}
    {{ return([
        ('frequent', 'frequent',
            'are among the third of all customers who order most',
            'orders_rank >= 0.667'),
        ('occasional', 'quiet',
            'ordered at most four times in 12 months',
            'orders_12_months <= 4'),
        ('one_time', 'once only',
            'ordered once in 12 months',
            'orders_12_months <= 1'),
        ('all_year', 'coming back',
            'ordered in both halves of the last 12 months',
            'has_both_halves'),
        ('recent', 'recent',
            'ordered in the last 45 days',
            'recency_days < 45'),
        ('away', 'away',
            'have not ordered for 90 days',
            'recency_days >= 90'),
        ('silent', 'silent',
            'are silent for longer than ever in the year before',
            'order_days >= 3 and recency_days >= 30'
            ~ ' and recency_days > longest_gap_days'),
        ('fading', 'fading',
            'had ordered before, then mostly in the first third of the recent days'
            ~ ' and hardly in the last, as they did not before',
            enough ~ ' and first_third_share >= 0.5 and last_third_share <= 0.2'
            ~ ' and orders_before >= 2'
            ~ ' and not (orders_before >= 3 and first_third_before_share >= 0.5'
            ~ ' and last_third_before_share <= 0.2)'),
        ('growing', 'growing',
            'ordered more in the last 30 days than in any 30 days before',
            'last_30_orders >= 3'
            ~ ' and last_30_orders >= 1.25 * busiest_earlier_orders'),
        ('even', 'even',
            'ordered in every third of the recent days, in none of them mostly',
            enough ~ ' and first_third_share between 0.1 and 0.6'
            ~ ' and last_third_share between 0.1 and 0.6'
            ~ ' and first_third_share + last_third_share between 0.4 and 0.9'),
        ('newcomer', 'new',
            'ordered for the first time in the last 180 days',
            'length_days < 180'),
        ('longstanding', 'of long standing',
            'have been customers for a year or longer',
            'length_days >= 365'),
        ('high_spend', 'high spend',
            'are among the third of all customers who spend most',
            'revenue_rank >= 0.667'),
        ('low_spend', 'small spend',
            'are among the third of all customers who spend least',
            'revenue_rank < 0.333'),
        ('large_baskets', 'large orders',
            'are among the third of all customers with the largest orders',
            'order_amount_rank >= 0.667'),
        ('small_baskets', 'small orders',
            'are among the third of all customers with the smallest orders',
            'order_amount_rank < 0.333')
    ]) }}
{% endmacro %}


{% macro _traits_of_days() %}
    {% set enough = 'orders_recent >= 3' %}
    {{ return([
        ('regular', 'regular',
            'order at gaps that are much alike',
            'gaps >= 3 and squared_gap_spread <= 0.36'),
        ('weekly', 'a fixed day of the week',
            'order on a fixed day of the week',
            'rhythm_orders * squared_week >= 4 and squared_week >= 0.5'
            ~ ' and rhythm_months >= 3'),
        ('fortnightly', 'every second week',
            'order every second week',
            'rhythm_orders * squared_fortnight >= 4 and squared_week < 0.9'
            ~ ' and squared_fortnight >= 0.5 and rhythm_months >= 3'),
        ('monthly', 'a fixed part of the month',
            'order in a fixed part of the month',
            'rhythm_orders * greatest(squared_month, squared_half_month) >= 3'
            ~ ' and greatest(squared_month, squared_half_month) >= 0.35'
            ~ ' and rhythm_months >= 3'),
        ('fixed_day', 'a fixed day of the month',
            'order on a fixed day of the month',
            'rhythm_orders * squared_month >= 3 and squared_month >= 0.9'
            ~ ' and rhythm_months >= 3'),
        ('month_end', 'at the end of the month',
            'order mostly in the last and first days of a month',
            enough ~ ' and month_turn_share >= 0.6 and rhythm_months >= 3'),
        ('weekdays', 'weekdays only',
            'order from Monday to Friday only',
            'rhythm_orders >= 4 and weekday_share >= 0.95'),
        ('weekends', 'weekends',
            'order at weekends',
            'rhythm_orders >= 4 and weekday_share <= 0.2'),
        ('shared_bursts', 'on the busiest days',
            'order mostly on the days on which the shop is busiest',
            enough ~ ' and peak_share >= 0.5'
            ~ ' and peak_share >= 2 * peak_days_share'),
        ('sale_days', 'in sales',
            'order mostly on promotion or on the days on which the shop is'
            ~ ' busiest',
            enough ~ ' and (promotion_share >= 0.6 or peak_share >= 0.5'
            ~ ' and peak_share >= 2 * peak_days_share)'),
        ('own_bursts', 'in bursts',
            'order in bursts that few others share',
            enough ~ ' and busy_share < 0.6 and peak_share < 0.5'
            ~ ' and (fortnight_share >= 0.7'
            ~ ' or squared_gap_spread >= 2.5 and six_weeks_share < 0.8)'),
        ('one_wave', 'in one wave',
            'ordered mostly within six weeks of the recent days',
            enough ~ ' and six_weeks_share >= 0.8'),
        ('two_waves', 'in two waves',
            'paused for a quarter of the recent days, and ordered before and'
            ~ ' after it',
            'orders_recent >= 4 and 4 * longest_recent_gap_days >= recent_days'
            ~ ' and first_third_share >= 0.2 and last_third_share >= 0.2'),
        ('same_weeks', 'the same weeks as a year ago',
            'ordered in the same weeks a year ago',
            'repeated_share >= 0.5'),
        ('feast', 'before Christmas',
            'ordered mostly in the four weeks before Christmas',
            enough ~ ' and feast_share >= 0.6'),
        ('promotions', 'on promotion',
            'order mostly on promotion',
            enough ~ ' and promotion_share >= 0.6'),
        ('discounts', 'with discounts',
            'get a tenth or more off their orders',
            'discount_share >= 0.1'),
        ('gives_back', 'with returns',
            'gave back a tenth or more of what they ordered',
            'returned_share >= 0.1'),
        ('many_items', 'many items',
            'are among the third of all customers with most items an order',
            'items_rank >= 0.667 and items_per_order >= 2'),
        ('many_sessions', 'with many visits',
            'are among the third of all customers who visit the web shop most',
            'sessions_12_months > 0 and sessions_rank >= 0.667'),
        ('visits_per_order', 'many visits an order',
            'are among the third of all customers with most visits an order',
            'sessions_12_months > 0 and order_sessions_rank >= 0.667')
    ]) }}
{% endmacro %}
