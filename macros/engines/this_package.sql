{% macro this_package() %}
    {{ return('customer_trajectories') }}
{% endmacro %}
