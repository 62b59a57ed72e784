{# Of sums over a customer's weeks, as int_experiment_customers_summed has them;
   averages also by what they are divided. #}
{% macro experiment_metrics() %}
    {{ return({
        'revenue': 'revenue_amount',
        'margin': 'revenue_amount - cost_amount',
        'orders': 'orders',
        'conversion': 'case when orders > 0 then 1 else 0 end',
        'average_order_amount': 'order_amount',
        'sessions': 'sessions',
        'retention': 'case when recent_orders > 0 then 1 else 0 end',
        'opened': 'case when opened > 0 then 1 else 0 end',
        'clicked': 'case when clicked > 0 then 1 else 0 end'
    }) }}
{% endmacro %}
