{% macro _segment_measures() %}
    {{ return({
        'length_days': 'avg(customer_months.length_days)',
        'recency_days': 'avg(customer_months.recency_days)',
        'orders_12_months': 'avg(customer_months.orders_12_months)',
        'revenue_12_months_amount':
            average('customer_months.revenue_12_months_amount'),
        'average_order_amount': ratio(
            'sum(customer_months.revenue_12_months_amount)',
            'sum(customer_months.orders_12_months)'
        ),
        'discount_share': share(
            'sum(customer_months.discount_12_months_amount)',
            'sum(customer_months.list_12_months_amount)'
        ),
        'returned_share': share(
            'sum(customer_months.returned_12_months_amount)',
            'greatest(sum(customer_months.list_12_months_amount),'
            ~ ' sum(customer_months.returned_12_months_amount))'
        ),
        'sessions_per_order': ratio(
            'sum(customer_months.sessions_12_months)',
            'sum(customer_months.orders_12_months)'
        ),
        'active_weeks': 'avg(rhythms.active_weeks)',
        'recent_order_amount': average(exact_amount('rhythms.average_order_amount', 6)),
        'first_third_share': average(exact_amount('rhythms.first_third_share', 6)),
        'last_third_share': average(exact_amount('rhythms.last_third_share', 6)),
        'gift_season_share': average(exact_amount('rhythms.gift_season_share', 6)),
        'weekday_share': average(exact_amount('rhythms.weekday_share', 6)),
        'promotion_share': average(exact_amount('rhythms.promotion_share', 6)),
        'fortnight_share': average(exact_amount('rhythms.fortnight_share', 6))
    }) }}
{% endmacro %}


{% macro segment_measure_names() %}
    {{ return(_segment_measures().keys() | list) }}
{% endmacro %}


{% macro segment_measures(segmentation, segment_id) -%}
select
        {{ segmentation }} as segmentation,
        {{ segment_id }} as segment_id,
        members.month,
        members.recent_days,
        cast(count(*) as bigint) as customers,
        {%- for name, expression in _segment_measures().items() %}
        coalesce(cast({{ expression }} as double), 0) as {{ name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from members
    inner join customer_months
        on
            members.customer_id = customer_months.customer_id
            and members.month = customer_months.month
    left join rhythms
        on
            members.customer_id = rhythms.customer_id
            and members.month = rhythms.month
            and members.recent_days = rhythms.recent_days
    group by 1, 2, 3, 4
{%- endmacro %}
