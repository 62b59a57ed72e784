{% macro _segment_measures() %}
    {{ return({
        'length_days': 'avg(customer_months.length_days)',
        'recency_days': 'avg(customer_months.recency_days)',
        'orders_12_months': 'avg(customer_months.orders_12_months)',
        'revenue_12_months_amount':
            average('customer_months.revenue_12_months_amount')
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
    group by 1, 2, 3
{%- endmacro %}
