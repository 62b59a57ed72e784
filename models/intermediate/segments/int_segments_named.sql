-- The naming rule. Per segmentation the first line that holds gives the
-- persona, so that rules exclude each other; the last line always holds. A
-- segmentation that no rules are meant for has no personas.
-- Nothing is held against a mean that is not above zero.
with segments_measured as (

    select * from {{ ref('int_segments_measured') }}

),

compared as (

    select
        *,
        {% for name, measure in {
            'revenue': 'revenue_12_months_amount',
            'orders': 'orders_12_months',
            'recency': 'recency_days',
            'length': 'length_days',
            'order_amount': 'average_order_amount',
            'recent_order_amount': 'recent_order_amount',
            'discount': 'discount_share',
            'returned': 'returned_share',
            'sessions': 'sessions_per_order'
        }.items() -%}
        case
            when population_{{ measure }} > 0
                then {{ measure }} / population_{{ measure }}
        end as {{ name }}_ratio{{ ',' if not loop.last }}
        {% endfor %}
    from segments_measured

),

named as (

    select
        *,
        case
            when {{ is_named_by('lifecycle') }} then case
                when is_recency_growing and recency_ratio >= 1.2
                    then 'At-Risk Sleepers'
                when
                    revenue_ratio >= 1.2
                    and orders_ratio >= 1.2
                    and recency_ratio <= 0.9
                    then 'Loyal Champions'
                when length_ratio <= 0.7 then 'New Potentials'
                when orders_ratio >= 0.7 and recency_ratio <= 1.2
                    then 'Steady Supporters'
                else 'Occasional Buyers'
            end
            when {{ is_named_by('rhythm') }} then case
                when
                    weekday_share >= 0.9
                    and recent_order_amount_ratio >= 1.5
                    then 'B2B Customers'
                when
                    promotion_share >= 0.6
                    and promotion_share >= 1.5 * population_promotion_share
                    then 'Sale Hunters'
                when length_ratio <= 0.5 and last_third_share >= 0.4
                    then 'New Customer Ramp'
                when first_third_share >= 0.5 and last_third_share <= 0.2
                    then 'Churn Risk'
                when gift_season_share >= 0.7 then 'Gift Shoppers'
                when first_third_share + last_third_share <= 0.4
                    then 'Seasonal Shoppers'
                when fortnight_share >= 0.65 then 'Impulse Buyers'
                when
                    active_weeks * 90 >= 5 * recent_days
                    and last_third_share between 0.2 and 0.5
                    and first_third_share between 0.2 and 0.5
                    then 'Loyal Subscribers'
                else 'Everyday Shoppers'
            end
            when {{ is_named_by('value') }} then case
                when
                    revenue_ratio >= 1.2
                    and orders_ratio >= 1.2
                    and recency_ratio <= 1
                    then 'Best Customers'
                when revenue_ratio >= 1.2 then 'Big Spenders'
                when orders_ratio >= 1.2 then 'Loyal Regulars'
                when recency_ratio >= 1.3 then 'Cooling Down'
                else 'Low Value'
            end
            when {{ is_named_by('behaviour') }} then case
                when order_amount_ratio >= 1.3 then 'Premium Baskets'
                when returned_ratio >= 1.5 and returned_share >= 0.02
                    then 'Frequent Returners'
                when discount_ratio >= 1.5 and discount_share >= 0.02
                    then 'Discount Seekers'
                when sessions_ratio >= 1.5 then 'Browsers'
                else 'Core Customers'
            end
        end as persona,
        case
            when {{ is_compared_by('day') }} then {{ persona_evidence(true) }}
            else {{ persona_evidence(false) }}
        end as evidence
    from compared

)

select * from named
